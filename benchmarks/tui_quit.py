"""Leaving the interactive screen while every question hangs: from Ctrl-Q to the end of the process.

The name server takes every question and never answers. A bare Textual app is left in the same way in the same run.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 5
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("Hello, world")
Hello().run()
"""


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, argv: list[str], state: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": state, "PYTHONPATH": str(ROOT / "tui")}
        self.program = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env)
        os.close(theirs)

    def until(self, words: bytes) -> None:
        seen, ends = b"", time.monotonic() + 20
        while words not in seen:
            if time.monotonic() > ends or not select.select([self.ours], [], [], 10)[0]:
                raise SystemExit(f"not painted: {words!r}; {seen[-500:]!r}")
            seen += os.read(self.ours, 65536)

    def press(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def leave(self) -> float:
        """Milliseconds from Ctrl-Q until the process is gone."""
        start = time.perf_counter()
        self.press(b"\x11")
        while self.program.poll() is None:
            if select.select([self.ours], [], [], 0.005)[0]:
                try:
                    os.read(self.ours, 65536)
                except OSError:
                    break
        self.program.wait(20)
        took = (time.perf_counter() - start) * 1000
        os.close(self.ours)
        return took


def main() -> None:
    with tempfile.TemporaryDirectory() as state, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        bare, ours = [], []
        for _ in range(ROUNDS):
            hello = Terminal([sys.executable, "-c", HELLO], state)
            hello.until(b"Hello, world")
            bare.append(hello.leave())
            argv = [sys.executable, "-m", "deliverkit", "tui", "example.com", "-n", server, "-t", "30"]
            screen = Terminal(argv, state)
            screen.until(b"palette")
            screen.press(b"\r")
            screen.until(b"0 of 1")
            ours.append(screen.leave())
            if screen.program.returncode != 0:
                raise SystemExit(f"left with {screen.program.returncode}")
    print(f"bare Textual app              {statistics.median(bare):5.0f} ms from Ctrl-Q to its end")
    print(f"deliverkit, every query hangs {statistics.median(ours):5.0f} ms (highest {max(ours):.0f}; at most 1000)")
    print(f"ratio                         {statistics.median(ours) / statistics.median(bare):5.1f}")


if __name__ == "__main__":
    main()
