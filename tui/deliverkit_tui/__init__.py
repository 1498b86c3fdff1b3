"""The interactive screen: what the core knows, with keys. Nothing below it imports it.

The rooms, and who may do what:

``app.py``
    The App: themes, keys with ids, the palette, one stack of screens. ``run_app(text, network, lang)`` is the door.
    The language is chosen before this package is imported: texts are translated as the modules load. ``keys.py``
    knows every key by its id.
    ``App.network`` (whom to ask), ``App.say`` (``Sentences``; loads the knowledge when first used),
    ``App.open_text(text)`` (what Enter on the start screen does), ``App.go(place)`` (push a screen),
    ``App.copy(text, what)``, ``App.crash(error)``.
``worker.py``
    The only place that runs the core. A screen calls ``self.core.run(job)``; a job is an async generator that takes a
    ``World`` and yields messages, which are posted to the screen, then ``Finished``. Widgets never do I/O.
    ``jobs.py`` has the jobs: ``checks``, ``blocklists``, ``audits``.
``messages.py``
    What jobs say: ``CheckArrived``, ``RowArrived``, ``AuditArrived``, ``Finished``, ``Failed``. A screen drops
    what a cancelled run still had on its way: ``if not self.core.is_current(message): return``.
``screens/``
    One file a place; all derive from ``screens.place.Place``. ``widgets/``: one widget a file, which shows what it is
    given and posts what the user does.
``words.py``
    Literal, styled text: everything from DNS, mail or files goes through ``text()`` or ``line()``; never markup.

Leaving a screen cancels its work, because a Place closes its core when it is unmounted.
"""
