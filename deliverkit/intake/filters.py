"""``--only``: which events are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from deliverkit.bounces.event import Kind
from deliverkit.bounces.incidents import utc
from deliverkit.bounces.judged import Judged
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit.model import BounceType

_FEW = 15
"""Values that are all named where a wrong one is given."""


def _domain(address: str | None) -> str:
    return address.rpartition("@")[2].lower() if address else ""


def _code(judged: Judged) -> str:
    """As the summary counts it: ``550 5.7.26``; nothing for what is no bounce."""
    reply = judged.event.bounce.reply
    if judged.event.kind not in (Kind.BOUNCE, Kind.DELAYED):
        return ""
    return " ".join(part for part in (str(reply.code or ""), reply.enhanced_code) if part)


_KEYS: Mapping[str, Callable[[Judged], str]] = {
    "reason": lambda judged: judged.verdict.reason,
    "category": lambda judged: judged.verdict.category,
    "provider": lambda judged: judged.provider or "",
    "sending_domain": lambda judged: _domain(judged.event.bounce.sender),
    "recipient_domain": lambda judged: _domain(judged.event.bounce.recipient),
    "ip": lambda judged: judged.event.bounce.ip or "",
    "code": _code,
    "day": lambda judged: (utc(judged.event.bounce.at) or "")[:10],
    "kind": lambda judged: judged.event.kind.value,
    "bounce_type": lambda judged: judged.verdict.bounce_type or "",
}


@dataclass(frozen=True, slots=True)
class Only:
    """Events that have one of the values for every key that is named. Picklable."""

    wanted: tuple[tuple[str, frozenset[str]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted)

    def takes(self, judged: Judged) -> bool:
        """Is this event looked at?"""
        return all(_KEYS[key](judged) in values for key, values in self.wanted)


def only(texts: Iterable[str]) -> Only:
    """``["provider=gmail", "category=blocked,dmarc"]``.

    Raises InputError for a key that is none, and for a value that no event can have.
    """
    wanted: dict[str, set[str]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        if not equals or key.strip() not in _KEYS:
            raise InputError(
                _("--only {text}: written as KEY=VALUE").format(text=text[:80]),
                advice=_("Keys: {names}.").format(names=", ".join(_KEYS)),
            )
        named = {value.strip().lower() for value in values.split(",")}
        _check(key.strip(), named)
        wanted.setdefault(key.strip(), set()).update(named)
    return Only(tuple((key, frozenset(values)) for key, values in wanted.items()))


def _check(key: str, named: Iterable[str]) -> None:
    """A word that is misspelt would find nothing, which reads as if nothing had happened. Raises InputError."""
    there_are = _values(key)
    for value in sorted(named):
        # Nothing behind "=" asks for events that say nothing of it.
        if there_are and value and value not in there_are:
            raise InputError(
                _("--only {key}: there is no '{value}'").format(key=key, value=value[:80]),
                advice=_nearest(value, there_are),
            )


def _values(key: str) -> tuple[str, ...]:
    """All values of a key that has a closed list of them; of a key that takes any value, none."""
    from deliverkit.knowledge import load

    match key:
        case "reason":
            return tuple(load().reasons)
        case "category":
            return tuple(dict.fromkeys(reason.partition(".")[0] for reason in load().reasons))
        case "provider":
            return tuple(load().providers)
        case "kind":
            return tuple(kind.value for kind in Kind)
        case "bounce_type":
            return tuple(kind.value for kind in BounceType)
    return ()


def _nearest(value: str, there_are: Sequence[str]) -> str:
    from difflib import get_close_matches

    names = there_are if len(there_are) <= _FEW else get_close_matches(value, there_are, 5) or there_are
    return _("Known: {names}.").format(names=", ".join(names))
