"""The check ``message-results``: what the receiver wrote into Authentication-Results (RFC 8601), beside what is true
now. What differs was changed since: most often a key was replaced."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.message_auth import Authentication, Dmarc, Verdict, authenticate
from deliverkit.message.hops import hops
from deliverkit.message.mail import Header, Message
from deliverkit.model import CheckResult, Evidence, Outcome

MAX_FIELDS = 10
MAX_RESULTS = 30
"""Results read of one field."""
MAX_FIELD = 10_000
_WORD = 80
_SAME = {"hardfail": "fail"}
_GONE = (Verdict.NO_KEY, Verdict.REVOKED, Verdict.OTHER_KEY)


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
        return f"{self.method}.{_SAME.get(self.result, self.result)}"


@dataclass(frozen=True, slots=True)
class MessageResultsFacts:
    """All results, topmost field first."""

    said: tuple[Said, ...]


async def run(target: Target, world: World) -> CheckResult:
    """Read the fields and compare them with a verification now."""
    message = target.message
    notes = Notes("message-results", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    fields = message.all("authentication-results")
    said = [each for field in fields[:MAX_FIELDS] for each in read_results(field)]
    if not said:
        strange = any("=" in field.text for field in fields)
        notes.add("message-results-unreadable" if strange else "message-results-none")
        return notes.result(MessageResultsFacts(()), outcome=None if strange else Outcome.NOT_APPLICABLE)
    found = await authenticate(target, world)
    compared = [replace(each, now=_now(each, found)) for each in said]
    _note(notes, compared, found)
    _note_trust(notes, said[0], message)
    return notes.result(MessageResultsFacts(tuple(compared)))


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


def _now(said: Said, found: Authentication) -> str | None:
    if said.method == "spf":
        return found.spf.result.value if found.spf else None
    if said.method == "dmarc":
        return None if found.dmarc in (Dmarc.UNKNOWN, Dmarc.IMPOSSIBLE) else found.dmarc.value
    if said.method == "dkim":
        domain = _property(said, "header.d") or _property(said, "header.i").rpartition("@")[2]
        selector = _property(said, "header.s")
        for each in found.signatures:
            if each.domain == domain.lower() and selector.lower() in ("", each.selector):
                return None if each.verdict.open else "pass" if each.verdict is Verdict.PASS else each.verdict.value
    return None


def _property(said: Said, name: str) -> str:
    return next((part.partition("=")[2] for part in said.identity.split() if part.startswith(f"{name}=")), "")


def _note(notes: Notes, said: list[Said], found: Authentication) -> None:
    rotated = {each.verdict.value for each in found.signatures if each.verdict in _GONE}
    differs = False
    for each in said:
        proof = Evidence("Authentication-Results", f"{each.server}; {each.method}={each.result} {each.identity}")
        then = _SAME.get(each.result, each.result)
        if each.now is None or (then == "pass") == (each.now == "pass"):
            continue
        differs = True
        if each.method == "dkim" and then == "pass" and each.now in rotated:
            notes.add("message-results-key-rotated", proof, identity=each.identity[:200])
        elif then == "pass":
            notes.add("message-results-worse", proof, method=each.method, said=each.result, now=each.now)
        elif then in ("temperror", "permerror", "none", "neutral", "fail", "softfail", "policy"):
            notes.add("message-results-better", proof, method=each.method, said=each.result, now=each.now)
    refused = next((each for each in said if each.method == "dmarc" and each.result == "fail"), None)
    if refused is not None:
        notes.add("message-results-dmarc-fail", server=refused.server)
    if not differs:
        notes.add("message-results-agree", server=said[0].server, count=len(said))


def _note_trust(notes: Notes, first: Said, message: Message) -> None:
    """Anybody can write such a field; only the receiver's own, at the top, can be believed."""
    by = next((hop.by for hop in hops(message) if hop.by), None)
    if by and first.server and not _one_house(first.server.lower(), by):
        notes.add("message-results-foreign", server=first.server, by=by)


def _one_house(server: str, by: str) -> bool:
    from deliverkit.checks.suffixes import registrable

    return server == by or (registrable(server) is not None and registrable(server) == registrable(by))
