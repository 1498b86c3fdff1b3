"""Reading Authentication-Results (RFC 8601): what a receiver wrote down about a message, and whether it was the
receiver. Not a check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from deliverkit.checks.suffixes import registrable
from deliverkit.message.hops import hops
from deliverkit.message.mail import Header, Message

MAX_FIELDS = 10
MAX_RESULTS = 30
"""Results read of one field."""
MAX_FIELD = 10_000
SAME = {"hardfail": "fail"}
_WORD = 80


@dataclass(frozen=True, slots=True)
class Said:
    """One result of the receiver."""

    server: str
    """Who says so (``authserv-id``)."""
    method: str
    result: str
    identity: str
    """What it is about, such as ``header.d=example.com``."""
    now: str | None = None
    """The same asked now; None where it was not."""

    @property
    def word(self) -> str:
        """Key of the explanation in ``text/<lang>/authres.toml``: ``spf.softfail``."""
        return f"{self.method}.{SAME.get(self.result, self.result)}"


_SPLIT = re.compile(r"""(?:[^;()"]|"[^"]*"|\([^()]*\))+""")
_HEAD = re.compile(r"\s*[\w.:/-]+(?:\s+\d+)?\s*\Z")
# Microsoft adds words that are no properties, and Yahoo leaves out a space.
_ODD = re.compile(r"\s(?:action|disposition)=[\w.]+")
_GLUED = re.compile(r"(?<=\w)\(")


def read_results(header: Header) -> list[Said]:
    """The results of one field, each read by itself: one that is against the standard hides no other.

    Microsoft leaves out the server's name (RFC 8601 section 2.2 asks for it); then ``server`` is empty.
    """
    text = header.text
    if len(text) > MAX_FIELD:
        return []
    pieces = [piece.strip() for piece in _SPLIT.findall(text)[: MAX_RESULTS + 1]]
    named = bool(pieces) and _HEAD.match(pieces[0]) is not None
    server = pieces[0].split()[0] if named else ""
    results = (_result(piece) for piece in (pieces[1:] if named else pieces) if "=" in piece)
    return [_said(server, row) for rows in results for row in rows]


def _result(piece: str) -> list[Any]:
    """One result by authres; empty for what it cannot read."""
    import authres

    field: Any = authres.AuthenticationResultsHeader  # which has no types
    mended = _GLUED.sub(" (", _ODD.sub("", f" {piece}"))
    try:
        return list(field.parse(f"Authentication-Results: x; {mended.strip()}").results or [])
    except (authres.AuthResError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return []


def _said(server: str, row: Any) -> Said:
    identity = " ".join(f"{p.type}.{p.name}={p.value}" for p in (row.properties or [])[:6])
    return Said(server[:_WORD], str(row.method).lower()[:30], str(row.result).lower()[:30], identity[:300])


def signer(said: Said) -> tuple[str, str]:
    """Domain and selector of the signature that a ``dkim`` result is about; empty where it does not tell."""
    domain = _property(said, "header.d") or _property(said, "header.i").rpartition("@")[2]
    return domain.lower(), _property(said, "header.s").lower()


def _property(said: Said, name: str) -> str:
    return next((part.partition("=")[2] for part in said.identity.split() if part.startswith(f"{name}=")), "")


def found_good(message: Message) -> frozenset[tuple[str, str]]:
    """Signer of every signature that the receiver itself found good when the message arrived.

    Anybody can write such a field, so only those of the house that took the message in count.
    """
    by = taken_in_by(message)
    fields = message.all("authentication-results")[:MAX_FIELDS]
    said = [each for field in fields for each in read_results(field)]
    own = [each for each in said if by is not None and of_house(each.server, by)]
    return frozenset(signer(each) for each in own if (each.method, each.result) == ("dkim", "pass"))


def taken_in_by(message: Message) -> str | None:
    """The receiver's server: the topmost that wrote a Received line and gives a name. Gmail's own hosts hand on among
    each other with numbers that look like IPv6 addresses."""
    named = (hop.by for hop in hops(message) if hop.by and ":" not in hop.by and not hop.by[-1].isdigit())
    return next(named, None)


def of_house(server: str, by: str) -> bool:
    """Whether the results are those of the house that took the message in: by their name, or without one."""
    ours = registrable(server.lower())
    return not server or server.lower() == by.lower() or (ours is not None and ours == registrable(by.lower()))
