"""The screen in a real terminal (tmux): start, paste, read, verify, quit, by keys alone and by the mouse alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

REPLY = """550-5.7.26 Your email has been blocked because the sender is unauthenticated.
550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.
550-5.7.26  SPF [shop.example] with ip: [192.0.2.10] = did not pass
550 5.7.26  gsmtp"""
PATIENCE = 20.0
"""Seconds until a screen that does not come is a failure; it is there in a fraction of one."""


class Terminal:
    """A tmux server of its own with one window that runs the program."""

    def __init__(self, folder: Path, project: Path, columns: int, lines: int) -> None:
        self._socket = str(folder / "tmux")
        env = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
        paths = f"{project}:{project / 'tui'}"
        env |= {"TERM": "xterm-256color", "XDG_STATE_HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONPATH": paths}
        program = f"{sys.executable} -m deliverkit tui --replay demo; echo left with $?; sleep 60"
        self._env = env
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(lines), program)
        self._tmux("set-option", "-g", "mouse", "on")

    def _tmux(self, *words: str, stdin: str | None = None) -> str:
        line = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(line, input=stdin, env=self._env, capture_output=True, text=True, check=True).stdout

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def keys(self, *names: str) -> None:
        for name in names:
            self._tmux("send-keys", name)

    def paste(self, text: str) -> None:
        self._tmux("load-buffer", "-", stdin=text)
        self._tmux("paste-buffer", "-p")

    def click(self, words: str) -> None:
        """Press and release the left button in the middle of ``words``, as a terminal reports it (SGR)."""
        shown = self.settled(words).splitlines()
        line = next(i for i, text in enumerate(shown, 1) if words in text)
        column = shown[line - 1].index(words) + len(words) // 2 + 1
        for end in "Mm":
            self._tmux("send-keys", "-H", *(f"{byte:02x}" for byte in f"\x1b[<0;{column};{line}{end}".encode()))

    def until(self, there: Callable[[str], bool], what: str) -> str:
        """The screen, as soon as it is as wanted."""
        ends = time.monotonic() + PATIENCE
        while not there(shown := self.screen()):
            if time.monotonic() > ends:
                pytest.fail(f"not on the screen: {what}\n{shown}")
            time.sleep(0.02)
        return shown

    def settled(self, words: str) -> str:
        """The screen with ``words`` on it, once it has stopped to change."""
        last = ""
        while (shown := self.until(lambda screen: words in screen, repr(words))) != last:
            last = shown
            time.sleep(0.15)
        return shown

    def close(self) -> None:
        self._tmux("kill-server")


@pytest.fixture
def terminal(tmp_path: Path, project: Path) -> Iterator[Callable[[int, int], Terminal]]:
    opened: list[Terminal] = []

    def open_one(columns: int, lines: int) -> Terminal:
        opened.append(Terminal(tmp_path, project, columns, lines))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_the_whole_job_with_keys_alone(terminal: Callable[[int, int], Terminal]) -> None:
    at = terminal(80, 24)
    at.until(lambda screen: "What did the server say?" in screen and "palette" in screen, "the start screen")
    at.paste(REPLY)
    at.until(lambda screen: "550 5.7.26 ─" in screen and "192.0.2.10" in screen, "what the paste is taken for")
    at.keys("Enter")
    at.until(lambda screen: "PROVEN" in screen and "✗ fail" in screen, "the proof")
    at.keys("2")
    at.settled("Make sure that 192.0.2.10")
    at.keys("Down")
    at.until(lambda screen: "v=spf1 ip4:192.0.2.10 include:_spf.google.com -all" in screen, "the record to publish")
    at.settled("c copies")
    at.keys("v")
    at.until(lambda screen: "verified" in screen and "MENDED" in screen, "the verified step")
    at.keys("Escape")
    at.until(lambda screen: "✓ pass    spf" in screen, "the checks, SPF turned")
    at.keys("Escape")
    at.until(lambda screen: "1 of " in screen and "Recent cases" in screen, "the case among the recent ones")
    at.keys("C-q")
    at.until(lambda screen: "left with 0" in screen, "the shell")


def test_the_whole_job_with_the_mouse_alone(terminal: Callable[[int, int], Terminal]) -> None:
    at = terminal(120, 34)
    at.click("Gmail refuses the invoices")
    at.until(lambda screen: "PROVEN" in screen, "the proof")
    at.until(lambda screen: "c copies" in screen, "the record to publish")
    at.click("Add 192.0.2.10 to the one SPF")
    at.click("Verify")
    at.until(lambda screen: "verified" in screen and "MENDED" in screen, "the verified step")
    at.click("Back")
    at.until(lambda screen: "Recent cases" in screen, "the start screen")
    at.click("^q  Quit")
    at.until(lambda screen: "left with 0" in screen, "the shell")


def test_the_smallest_terminal(terminal: Callable[[int, int], Terminal]) -> None:
    at = terminal(60, 18)
    at.until(lambda screen: "palette" in screen, "the start screen")
    at.keys("F9")
    at.until(lambda screen: "PROVEN" in screen, "the proof")
    at.keys("Down", "Enter")
    at.until(lambda screen: "Evidence: spf" in screen, "the evidence")
    at.keys("q")
    at.until(lambda screen: "left with 0" in screen, "the shell")


def write_log(folder: Path, times: int) -> Path:
    """A log of Postfix in which two replies refuse the mail."""
    said = (
        ("550-5.7.26 This mail has been blocked because the sender is unauthenticated. gsmtp", "5.7.26"),
        ("550-5.1.1 The email account that you tried to reach does not exist. gsmtp", "5.1.1"),
    )
    host = "gmail-smtp-in.l.google.com[198.51.100.27]:25"
    path = folder / "mail.log"
    with path.open("w", encoding="utf-8") as log:
        for number in range(times):
            reply, code = said[number % 3 % 2]
            at = f"2026-11-02T10:{number // 60 % 60:02}:{number % 60:02}.000000+00:00 mx"
            queue = f"{0xABC0000 + number:X}"
            log.write(f"{at} postfix/qmgr[1]: {queue}: from=<news@shop.example>, size=999, nrcpt=1 (queue active)\n")
            log.write(
                f"{at} postfix/smtp[2]: {queue}: to=<reader{number}@example.com>, relay={host}, delay=1, dsn={code}, "
                f"status=bounced (host {host[:-3]} said: {reply})\n"
            )
    return path


def test_a_log_with_keys_alone(terminal: Callable[[int, int], Terminal], tmp_path: Path) -> None:
    path = write_log(tmp_path, 30)
    at = terminal(80, 24)
    at.until(lambda screen: "What did the server say?" in screen and "palette" in screen, "the start screen")
    at.keys("F6")
    at.until(lambda screen: "File or folder" in screen, "the input for a path")
    at.paste(str(path))
    at.keys("Enter")
    at.until(lambda screen: "30 bounces" in screen and "10 hard" in screen, "the totals")
    at.keys("Enter")
    at.until(lambda screen: "20×" in screen and "Esc takes" in screen, "one category alone")
    at.keys("Enter")
    at.until(lambda screen: "sender not authenticated ─" in screen, "an incident as a case")
    at.keys("Escape")
    at.settled("Esc takes")
    at.keys("Escape")
    at.until(lambda screen: "30 bounces" in screen, "the filter taken back")
    at.keys("C-q")
    at.until(lambda screen: "left with 0" in screen, "the shell")


def test_a_log_with_the_mouse_alone(terminal: Callable[[int, int], Terminal], tmp_path: Path) -> None:
    path = write_log(tmp_path, 30)
    at = terminal(120, 34)
    at.click("Bounces: a whole mailbox")
    at.until(lambda screen: "File or folder" in screen, "the input for a path")
    at.paste(f"{path}\r")
    at.keys("Enter")
    at.settled("30 bounces")
    at.click("Providers")
    at.settled("Gmail")
    at.click("Domains")
    at.settled("shop.example")
    at.click("Back")
    at.until(lambda screen: "Recent cases" in screen, "the start screen")
    at.click("^q  Quit")
    at.until(lambda screen: "left with 0" in screen, "the shell")


def test_leaving_in_the_middle_of_a_large_log(terminal: Callable[[int, int], Terminal], tmp_path: Path) -> None:
    path = write_log(tmp_path, 150_000)
    at = terminal(80, 24)
    at.until(lambda screen: "What did the server say?" in screen and "palette" in screen, "the start screen")
    at.keys("F6")
    at.until(lambda screen: "File or folder" in screen, "the input for a path")
    at.paste(str(path))
    at.keys("Enter")
    at.until(lambda screen: "x stops" in screen and " hard " in screen, "figures while it reads")
    at.keys("f")
    at.until(lambda screen: "what the server said" in screen, "another view while it reads")
    at.keys("C-q")
    at.until(lambda screen: "left with 0" in screen, "the shell")
