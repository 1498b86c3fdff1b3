"""Our verdicts in the words of other systems, so that figures of both can be laid side by side.

No system knows all reasons, so several of ours share a word; and where a system has two words for one reason, the
message decides: the first stands for one that is over, the second for one that is tried again (``message_action`` is
``retry``). The words are data: ``knowledge/crosswalk.toml``.
"""

from __future__ import annotations

import difflib

from deliverkit.errors import InputError
from deliverkit.knowledge import Knowledge, load
from deliverkit.knowledge.schema import Vocabulary
from deliverkit.language import _
from deliverkit.model import MessageAction, Verdict


def names() -> tuple[str, ...]:
    """The vocabularies there are: ``sparkpost``, ``kumomta``, …"""
    return tuple(load().vocabularies)


def word(vocabulary: str, verdict: Verdict) -> str:
    """The word of ``vocabulary`` for ``verdict``; equal verdicts have equal words.

    Raises InputError for a vocabulary that there is not.
    """
    return word_for(vocabulary, verdict.reason, retried=verdict.message_action is MessageAction.RETRY)


def word_for(vocabulary: str, reason: str, *, retried: bool = False) -> str:
    """The word for a reason, of a message that is over or of one that is ``retried``. Raises as ``word``."""
    spec = find(vocabulary)
    words = spec.words.get(reason) or (spec.none,)
    return words[-1] if retried else words[0]


def find(vocabulary: str, knowledge: Knowledge | None = None) -> Vocabulary:
    """One vocabulary. Raises InputError that names the nearest."""
    known = (knowledge or load()).vocabularies
    if vocabulary in known:
        return known[vocabulary]
    near = difflib.get_close_matches(vocabulary.lower(), known, 1)
    advice = _("Did you mean '{name}'?").format(name=near[0]) if near else _("Known: {names}.")
    raise InputError(
        _("there is no vocabulary '{name}'").format(name=vocabulary[:80]), advice=advice.format(names=", ".join(known))
    )
