"""Reading an MTA-STS policy file (RFC 8461 section 3.2) and telling which MX hosts it covers (section 4.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

MAX_BYTES = 64 * 1024
"""Of a policy; RFC 8461 section 3.3 suggests this bound."""
MAX_LINES = 500
MAX_PATTERNS = 100
MAX_AGE = 31557600
"""Seconds; the most that ``max_age`` may say."""
SHORT = 86400
"""A ``max_age`` below a day protects nobody: senders forget the policy between two mails."""
FIRST_AGE = 604800
"""A week: what we propose to begin with."""

_LINE = re.compile(r"([a-zA-Z0-9][a-zA-Z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*\Z")
_PATTERN = re.compile(r"(?=.{1,253}\Z)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class Mode(StrEnum):
    """What senders are to do where the policy is not kept."""

    ENFORCE = "enforce"
    """Deliver to no host that fails it."""
    TESTING = "testing"
    """Deliver all the same, and report."""
    NONE = "none"
    """As if there were no policy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy file."""

    mode: Mode | None
    max_age: int | None
    """Seconds."""
    mx: tuple[str, ...]
    """Patterns, lower case: a host name, or ``*.`` and a domain."""
    faults: tuple[str, ...] = ()
    """Keys that are missing or have no valid value; ``line`` for a line that is none."""

    @property
    def usable(self) -> bool:
        """Whether senders can act on it."""
        return not self.faults


def read_policy(text: str) -> Policy:
    """Take a policy apart. Unknown keys are allowed; of a key that stands twice the first counts, except ``mx``."""
    values: dict[str, str] = {}
    patterns: list[str] = []
    faults: dict[str, None] = {}
    lines = text.replace("\r\n", "\n").split("\n")
    for line in lines[:MAX_LINES]:
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match is None:
            faults["line"] = None
        elif match[1] == "mx":
            patterns.append(match[2].lower().removesuffix("."))
        else:
            values.setdefault(match[1], match[2])
    mode = Mode(values["mode"]) if values.get("mode") in set(Mode) else None
    age = values.get("max_age", "")
    max_age = int(age) if age.isascii() and age.isdigit() and len(age) <= 10 and int(age) <= MAX_AGE else None
    wrong = {
        "version": values.get("version") != "STSv1",
        "mode": mode is None,
        "max_age": max_age is None,
        "mx": len(patterns) > MAX_PATTERNS
        or not all(map(_PATTERN.fullmatch, patterns))
        or (not patterns and mode is not Mode.NONE),
    }
    faults |= {key: None for key, is_wrong in wrong.items() if is_wrong}
    return Policy(mode, max_age, tuple(patterns[:MAX_PATTERNS]), tuple(faults))


def covers(pattern: str, host: str) -> bool:
    """Whether a pattern stands for an MX host: the same name, or one label in the place of ``*`` (section 4.1)."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def uncovered(patterns: Iterable[str], hosts: Iterable[str]) -> tuple[str, ...]:
    """The hosts that no pattern stands for: senders that keep the policy deliver nothing there."""
    known = tuple(patterns)
    return tuple(host for host in hosts if not any(covers(pattern, host) for pattern in known))


def unused(patterns: Iterable[str], hosts: Sequence[str]) -> tuple[str, ...]:
    """The patterns that stand for no host."""
    return tuple(pattern for pattern in patterns if not any(covers(pattern, host) for host in hosts))


def policy_text(hosts: Iterable[str], mode: Mode, max_age: int) -> str:
    """A policy file."""
    lines = ["version: STSv1", f"mode: {mode.value}", *(f"mx: {host}" for host in hosts), f"max_age: {max_age}"]
    return "\n".join(lines) + "\n"


def policy_id(text: str) -> str:
    """An ``id`` for the record that changes with the policy's text, and only with it."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()[:16]
