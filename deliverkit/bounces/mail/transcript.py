"""Session transcripts, as Sendmail and its relatives write them: who was talked to, what was asked, what came back.

The status fields of these systems hold the first line of a reply only; the rest stands here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from deliverkit.bounces.mail.address import ADDRESS, clean_address

MAX_LINES = 2_000
_TALK = re.compile(
    r"^[\s.]*(?:while talking to|connected to|talking to)\s+\[?([\w.-]{1,253}?)\]?\.?:?\s*$", re.IGNORECASE
)
_ASKED = re.compile(r"^\s*(?:>>>|-->|=>|C:)\s*(\S.*)$")
_SAID = re.compile(r"^\s*(?:<<<|<--|<=|S:)\s*(\S.*)$")
_OWN = re.compile(
    rf"^\s*(?:(?P<code>[245]\d\d)[ -]\s*(?:[245]\.\d{{1,3}}\.\d{{1,3}}\s+)?)?<?(?P<rcpt>{ADDRESS}|"
    rf"[\w.+-]{{1,64}})>?\s?\.\.\.\s*(?P<words>\S.*)$"
)
_FAILED = re.compile(r"^[45]\d\d")
_SEQUENCE = re.compile(
    r"^(?:503|554)[ -](?:\d\.\d\.\d\s*)?.{0,40}(?:need rcpt|no valid recipients|valid rcpt|rcpt command|"
    r"bad sequence|rcpt first)",
    re.I,
)
_AFTER = re.compile(
    r"message could not be delivered for|message will be deleted from queue|warning: message still undelivered|"
    r"will keep trying|message is too old|queue too long",
    re.IGNORECASE,
)
_PHASES = {
    "ehlo": "ehlo", "helo": "ehlo", "auth": "auth", "mail": "mail", "rcpt": "rcpt", "data": "data", ".": "eod",
    "bdat": "eod",
}  # fmt: skip


class Said(NamedTuple):
    """What one transcript says about one recipient."""

    recipient: str | None
    words: str
    """The remote server's reply, all lines; else the words of the local system."""
    mx: str | None = None
    phase: str | None = None


def is_transcript(text: str) -> bool:
    """Are there lines of a session in this text?"""
    return "<<<" in text or "... Deferred" in text or ">>> " in text or "Transcript of session" in text


def read_transcript(text: str) -> list[Said]:
    """One entry for every recipient that the transcript names, in their order; unnamed ones without address."""
    found: list[Said] = []
    said: list[str] = []
    mx = asked = phase = None
    trailer: list[str] = []
    for line in text.split("\n")[:MAX_LINES]:
        if talk := _TALK.match(line):
            mx, said, asked, phase = talk[1].lower(), [], None, None
        elif match := _ASKED.match(line):
            command = match[1].split(":")[0].split(" ")[0].lower()
            phase = _PHASES.get(command, phase)
            if command == "rcpt":
                said = []
                asked = clean_address(match[1])
        elif match := _SAID.match(line):
            reply = match[1].strip()
            if _SEQUENCE.match(reply) and (said or found):
                continue
            if not said or said[-1][:4].endswith("-") or not _FAILED.match(reply):
                said.append(reply)
        elif match := _OWN.match(line):
            recipient = clean_address(match["rcpt"]) if "@" in match["rcpt"] else None
            words = "\n".join(said) if _any_failure(said) else _own_words(line, match)
            if not any(s.recipient == recipient and recipient for s in found):
                found.append(Said(recipient, words, mx, phase))
                said = []
        elif _AFTER.search(line):
            trailer.append(line.strip())
    if _any_failure(said) or (said and not found):
        found.append(Said(asked, "\n".join(said), mx, phase))
    if trailer:
        end = ". ".join(trailer)
        found = [s._replace(words=f"{s.words}. {end}") for s in found] or [Said(None, end, mx, phase)]
    return found


def _any_failure(said: list[str]) -> bool:
    return any(_FAILED.match(line) for line in said)


def _own_words(line: str, match: re.Match[str]) -> str:
    words = match["words"].strip()
    return line.strip() if match["code"] else words


def continued(first: str, text: str) -> str | None:
    """The whole reply in ``text`` whose first line is ``first``; None where it does not stand there."""
    head = first.split("\n")[0].strip()[:60]
    lines = text.split("\n")[:MAX_LINES]
    for index, line in enumerate(lines):
        match = _SAID.match(line)
        if match is None or not match[1].strip().startswith(head):
            continue
        whole = [match[1].strip()]
        for after in lines[index + 1 :]:
            more = _SAID.match(after)
            if more is None or more[1][:3] != head[:3]:
                break
            whole.append(more[1].strip())
            if more[1][3:4] != "-":
                break
        return "\n".join(whole)
    return None
