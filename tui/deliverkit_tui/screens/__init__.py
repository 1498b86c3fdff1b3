"""The places: one file a screen, each a ``Place`` (``place.py``).

What a place gives and gets:

* ``TITLE_TEXT``: its name in the title line; ``subject()``: what it is about, shown beside it (hostile text is fine).
* ``HELP``: Markdown for ``?``/F1. A focused widget with a ``HELP`` of its own comes first.
* ``compose_body()``: what stands between the title line and the command bar.
* ``command_line()``: the CLI command that prints the same; shown above the footer, ``y`` copies it. Call
  ``refresh_command()`` when it changes.
* ``BINDINGS``: every binding has an ``id`` (``"audit.export"``) and a description; ``show=True`` on at most three of
  them, because ``Esc``, ``?`` and ``^p`` are in the footer as well. All of them are in the palette by themselves, with
  those of the focused widget; ``palette_actions()`` adds more: ``(title, help, callable)``.
* ``self.core``: the worker (``worker.Core``), made when first used, closed and cancelled when the screen is left.
* ``self.kit``: the app, typed.
* Escape goes back (``action_back``; override to close a detail first). Sizes: the classes ``-narrow`` (less than 80
  columns), ``-medium`` (less than 110) and ``-wide`` are set on the screen, and ``-short`` (less than 22 lines) or
  ``-tall``.
* Styles: ``CSS_PATH = "audit.tcss"`` beside the screen, or ``DEFAULT_CSS`` of a widget; theme variables only.

Constructors that the app calls by name: ``audit.AuditScreen(domains: tuple[str, ...] = ())``,
``blocklists.BlocklistsScreen(subject: str = "")``, ``catalogue.CatalogueScreen(query: str = "")``,
``case.CaseScreen(text, given)``, ``history.HistoryScreen()``.

To open one: ``self.kit.open_audit(domains)``, ``open_blocklists(subject)``, ``open_catalogue(query)``,
``open_text(text)``, ``open_history()``.
"""
