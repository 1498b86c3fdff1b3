"""Translations: what is to be translated, what is missing, what is stale.

Two kinds, kept apart. *Messages* are what the program itself says (labels, help, errors): gettext, keyed by the
English text. *Sentences* are those of the knowledge, keyed by id; beside each translation stands a mark of the English
sentence it was made from, so that a changed source shows.
"""
