"""Start of the interactive screen to its first paint, beside a bare Textual app, in the same run.

Both are started in a pseudo-terminal as a user starts them, by turns; the clock stops when the words that only the
painted screen has arrive. Prints the medians and their ratio, and the time from a paste to its verdict on the screen.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 9
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("Hello, world")
Hello().run()
"""
REPLY = "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n550 5.7.26 gsmtp"


def first_paint(argv: list[str], words: bytes, state: str) -> float:
    """Milliseconds from the start of the program until ``words`` are painted."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": state, "PYTHONPATH": str(ROOT / "tui")}
    start = time.perf_counter()
    program = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env, close_fds=True)
    os.close(theirs)
    seen = b""
    try:
        while words not in seen:
            if time.perf_counter() - start > 20 or not select.select([ours], [], [], 5)[0]:
                raise SystemExit(f"{argv[-1]!r}: not painted; {seen[-500:]!r}")
            seen += os.read(ours, 65536)
        return (time.perf_counter() - start) * 1000
    finally:
        program.kill()
        program.wait()
        os.close(ours)


async def paste_to_verdict() -> list[float]:
    """Milliseconds from Enter on a pasted reply until the verdict is on the screen."""
    sys.path.insert(0, str(ROOT / "tui"))
    from deliverkit.session import Network
    from deliverkit_tui.app import DeliverkitApp
    from deliverkit_tui.screens.case import CaseScreen
    from deliverkit_tui.widgets.intake import Intake

    took = []
    app = DeliverkitApp("", Network(replay="demo"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for _ in range(ROUNDS):
            app.screen.query_one(Intake).text = REPLY
            await pilot.pause()
            start = time.perf_counter()
            app.screen.query_one(Intake).action_submit()
            async with asyncio.timeout(20):
                while not (isinstance(app.screen, CaseScreen) and "DMARC" in painted(app)):  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
            took.append((time.perf_counter() - start) * 1000)
            await pilot.pause()
            await pilot.press("escape")
            await pilot.pause()
    return took


def painted(app: object) -> str:
    """The text on the screen now."""
    strips = app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        hello, ours = [], []
        for _ in range(ROUNDS):
            hello.append(first_paint([sys.executable, "-c", HELLO], b"Hello, world", state))
            ours.append(first_paint([sys.executable, "-m", "deliverkit", "tui"], b"What did the server say", state))
        bare, full = statistics.median(hello), statistics.median(ours)
        print(f"bare Textual app    {bare:6.0f} ms to first paint (median of {ROUNDS}, lowest {min(hello):.0f})")
        print(f"deliverkit          {full:6.0f} ms to first paint (median of {ROUNDS}, lowest {min(ours):.0f})")
        print(f"ratio               {full / bare:6.2f}   (at most 1.50)")
        took = asyncio.run(paste_to_verdict())
        median, first, most = statistics.median(took), took[0], max(took)
        print(f"paste to verdict    {median:6.0f} ms (median; first {first:.0f}, highest {most:.0f}; at most 100)")


if __name__ == "__main__":
    main()
