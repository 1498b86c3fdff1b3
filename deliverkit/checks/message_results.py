"""The check ``message-results``: what the receiver wrote into Authentication-Results (RFC 8601), beside what is true
now. What differs was changed since: most often a key was replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.message_auth import GONE, Authentication, Dmarc, Verdict, authenticate
from deliverkit.checks.message_said import MAX_FIELDS, SAME, Said, of_house, read_results, signer, taken_in_by
from deliverkit.model import CheckResult, Evidence, Outcome


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
    by = taken_in_by(message)
    own = [each for each in compared if by is None or of_house(each.server, by)]
    if own:
        _note(notes, own, found)
    if by is not None and not of_house(said[0].server, by):
        notes.add("message-results-foreign", server=said[0].server, by=by)
    return notes.result(MessageResultsFacts(tuple(compared)))


def _now(said: Said, found: Authentication) -> str | None:
    if said.method == "spf":
        return found.spf.result.value if found.spf else None
    if said.method == "dmarc":
        return None if found.dmarc in (Dmarc.UNKNOWN, Dmarc.IMPOSSIBLE) else found.dmarc.value
    if said.method == "dkim":
        domain, selector = signer(said)
        for each in found.signatures:
            if each.domain == domain and selector in ("", each.selector):
                return None if each.verdict.open else "pass" if each.verdict is Verdict.PASS else each.verdict.value
    return None


def _word(said: Said) -> str:
    """What it is now in the words of RFC 8601; ``message-dkim`` says in which way a signature fails."""
    return "fail" if said.method == "dkim" and said.now != "pass" else said.now or ""


def _note(notes: Notes, said: list[Said], found: Authentication) -> None:
    rotated = {each.verdict.value for each in found.signatures if each.verdict in GONE}
    differs = False
    for each in said:
        proof = Evidence("Authentication-Results", f"{each.server}; {each.method}={each.result} {each.identity}")
        then = SAME.get(each.result, each.result)
        if each.now is None or (then == "pass") == (each.now == "pass"):
            continue
        differs = True
        if each.method == "dkim" and then == "pass" and each.now in rotated:
            notes.add("message-results-key-rotated", proof, identity=each.identity[:200])
        elif then == "pass":
            notes.add("message-results-worse", proof, method=each.method, said=each.result, now=_word(each))
        elif then in ("temperror", "permerror", "none", "neutral", "fail", "softfail", "policy"):
            notes.add("message-results-better", proof, method=each.method, said=each.result, now=_word(each))
    refused = next((each for each in said if each.method == "dmarc" and each.result == "fail"), None)
    if refused is not None:
        notes.add("message-results-dmarc-fail")
    if not differs:
        notes.add("message-results-agree", count=len(said))
