"""SPF records to propose, computed from what is published: pure functions from text to text.

There is one rule above all: a domain has one SPF record. So a sender is added to it, two records become one,
and nothing here ever hands out a second.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from deliverkit.checks.spf_macro import IpAddress
from deliverkit.checks.spf_record import VERSION, IpNetwork, Mechanism, Modifier, Qualifier, read

FIRST_ALL = Qualifier.SOFTFAIL
"""How a first record ends. Refusing (``-all``) before all senders are known would refuse the domain's own mail."""
_STRICTEST = (Qualifier.FAIL, Qualifier.SOFTFAIL, Qualifier.NEUTRAL, Qualifier.PASS)


def add_ip(record: str, ip: str) -> str:
    """The record with ``ip`` (an address or a network) allowed, right behind ``v=spf1``.

    The same text comes back when a term in front of everything that could refuse it covers the IP already.
    Every other term stays. Raises ValueError when ``ip`` is none.
    """
    network = _network(ip)
    parsed, _ = read(record)
    if _covered(parsed.evaluated, network):
        return record
    term = _ip_term(network)
    # The same term behind something that refused it never took effect.
    return _insert(without(record, term), term)


def add_include(record: str, domain: str) -> str:
    """The record with ``include:domain``, in front of ``all`` and ``redirect=``; unchanged if it stands there."""
    parsed, _ = read(record)
    term = f"include:{domain}"
    for mechanism in parsed.evaluated:
        if mechanism.text.lower().removeprefix("+") == term.lower():
            return record
    words = _words(record)
    at = next((i for i, word in enumerate(words) if _is_all(word) or word.lower().startswith("redirect=")), len(words))
    return _record([*words[:at], term, *words[at:]])


def merge(records: Sequence[str]) -> str:
    """One record out of several: every term once, in order, and the mildest ``all`` that is no accident.

    Several records count for nothing, so what they refuse is delivered today: the one record begins with ``-all``
    only where all of them end so. A ``+all`` is never taken over: it ends in ``~all``, and so does a record without
    an end. Of several ``redirect=`` each becomes an ``include:``, for a record may hold only one and none beside
    ``all``; ``exp=`` and other modifiers stay once.
    """
    # A term such as -ip4: must not refuse what another of the records allows.
    records = sorted(records, key=_refuses)
    words = [word for record in records for word in _words(record)]
    alls = [word for word in words if _is_all(word)]
    redirects = list(dict.fromkeys(w for w in words if w.lower().startswith("redirect=")))
    single = len(redirects) == 1 and not alls
    kept: dict[str, str] = {}
    for word in words:
        if _is_all(word):
            continue
        if word.lower().startswith("redirect="):
            if single:
                continue
            word = "include:" + word.partition("=")[2]
        name = _modifier_name(word)
        kept.setdefault(f"{name}=" if name == "exp" else word.lower().removeprefix("+"), word)
    if single:
        return _record([*kept.values(), redirects[0]])
    mildest = max(map(_end, records), key=_STRICTEST.index, default=FIRST_ALL)
    return _record([*kept.values(), f"{mildest}all"])


def _refuses(record: str) -> bool:
    return any(word[0] in "-~?" and not _is_all(word) for word in _words(record))


def _end(record: str) -> Qualifier:
    """How the record ends; ``~all`` for ``+all``, for none, and for a redirect, whose end is not known here."""
    found = next((word for word in _words(record) if _is_all(word)), None)
    return Qualifier(found[0]) if found and found[0] in "-~?" else FIRST_ALL


def minimal(includes: Iterable[str] = (), ips: Iterable[str] = (), *, mx: bool = False) -> str:
    """A first record: the IPs, the domain's own mail hosts if they send, the platforms' includes, ``~all``.

    With nothing known to send it still ends in ``~all``: ``-all`` is for domains that are known to send nothing.
    """
    words = [_ip_term(_network(ip)) for ip in ips]
    words += ["mx"] if mx else []
    words += [f"include:{domain}" for domain in includes]
    return _record([*dict.fromkeys(words), f"{FIRST_ALL}all"])


def without(record: str, term: str) -> str:
    """The record without a term, wherever it stands; case and a leading ``+`` make no difference."""
    gone = term.lower().removeprefix("+")
    return _record([word for word in _words(record) if word.lower().removeprefix("+") != gone])


def with_all(record: str, qualifier: Qualifier | str) -> str:
    """The record ending in one ``all`` with this qualifier.

    Terms behind an earlier ``all`` never took effect; they stay, in front of the new one. A ``redirect=`` beside
    an ``all`` has no effect either and goes; without one it becomes an ``include:``, so that it keeps its effect.
    """
    had_all = any(_is_all(word) for word in _words(record))
    words = []
    for word in _words(record):
        if _is_all(word) or (had_all and word.lower().startswith("redirect=")):
            continue
        words.append("include:" + word.partition("=")[2] if word.lower().startswith("redirect=") else word)
    return _record([*words, f"{Qualifier(qualifier)}all"])


def ended(record: str) -> str:
    """The record with one ``all`` as its last directive: its own where that is ``-all`` or ``~all``, else ``~all``.

    So a record is never made to refuse more than it does, nor softened without need.
    """
    final = read(record)[0].all
    keep = final is not None and final.qualifier in (Qualifier.FAIL, Qualifier.SOFTFAIL)
    return with_all(record, final.qualifier if final is not None and keep else FIRST_ALL)


def shuts_out_all(record: str) -> bool:
    """Whether no term of the record can let anybody pass."""
    parsed, _ = read(record)
    passing = any(m.qualifier is Qualifier.PASS for m in parsed.evaluated)
    return not passing and not (parsed.redirect and parsed.all is None)


def without_dead(record: str, terms: Iterable[str]) -> str:
    """The record without any of ``terms``: those that lead nowhere, taken out together.

    A ``redirect=`` that goes leaves a record without an end; it gets ``~all``.
    """
    ends = any(_is_all(word) or word.lower().startswith("redirect=") for word in _words(record))
    for term in terms:
        record = without(record, term)
    still = any(_is_all(word) or word.lower().startswith("redirect=") for word in _words(record))
    return record if still or not ends else with_all(record, FIRST_ALL)


def tidied(record: str) -> str:
    """The record without repeated terms and without those that cannot take effect (behind ``all``)."""
    kept: dict[str, str] = {}
    for word in _words(record):
        kept.setdefault(word.lower().removeprefix("+"), word)
    words = list(kept.values())
    at = next((i for i, word in enumerate(words) if _is_all(word)), len(words))
    return _record([*words[: at + 1], *(w for w in words[at + 1 :] if _modifier_name(w) not in ("", "redirect"))])


def repair(record: str) -> str | None:
    """The record with its mistakes mended where it is plain what was meant, else None.

    Knows ``ipv4:``, ``ip:``, bare addresses, ``a:`` with an address, the wrong family, ``include=``, ``redirect:``,
    commas and semicolons, typographic dashes, quotation marks and a second ``exp=``.
    """
    text = re.sub(r"[\"“”„,;]+", " ", record.translate(_DASHES)).strip()
    if _sound(record):
        return record
    text = re.sub(r"\s+", " ", _NEAR_VERSION.sub(VERSION + " ", text))
    words, seen = [], set()
    for word in _words(text):
        mended = _mended(word)
        name = _modifier_name(mended)
        if name in ("exp", "redirect") and name in seen:
            continue
        seen.add(name)
        words.append(mended)
    mended_record = _record(words)
    return mended_record if _sound(mended_record) and text.lower().startswith(VERSION) else None


_NEAR_VERSION = re.compile(r"^(?:spf\s*=\s*)?v\s*=\s*spf\s*1(?=[\s+\-~?]|$)|^spf1(?=\s)", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_MISNAMED = {"ipv4": "ip4", "ipv6": "ip6", "ip": "ip4", "includes": "include", "inlcude": "include", "host": "a"}


def _sound(record: str) -> bool:
    """No error, and no mechanism written as a modifier (``include=``), which the grammar lets pass."""
    parsed, errors = read(record)
    return not errors and not any(isinstance(t, Modifier) and t.name in _MECHANISMS for t in parsed.terms)


def _mended(word: str) -> str:
    """One term as it was most likely meant."""
    qualifier, body = (word[0], word[1:]) if word[0] in "+-~?" else ("", word)
    name, colon, value = body.partition(":")
    if not colon and name.lower().startswith(("include=", "ip4=", "ip6=", "a=", "mx=", "exists=")):
        name, colon, value = body.partition("=")
    if name.lower() == "redirect" and colon:
        return f"redirect={value}"
    if name.lower() in ("all.", "all:"):
        return f"{qualifier}all"
    bare = _address(body)
    if bare is not None:
        return f"{qualifier}{_ip_term(bare)}"
    name = _MISNAMED.get(name.lower(), name)
    address = _address(value) if name.lower() in ("a", "ip4", "ip6") and colon else None
    if address is not None:
        return f"{qualifier}{_ip_term(address)}"
    return f"{qualifier}{name}{':' if colon else ''}{value}"


def _address(text: str) -> IpNetwork | None:
    try:
        return _network(text) if "." in text or ":" in text else None
    except ValueError:
        return None


def _network(ip: str) -> IpNetwork:
    network = ipaddress.ip_network(ip, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        # Receivers see such a client as IPv4 (section 5).
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96), strict=False)
    return network


def _ip_term(network: IpNetwork) -> str:
    name = "ip4" if network.version == 4 else "ip6"
    address: IpAddress = network.network_address
    return f"{name}:{address}" if network.prefixlen == network.max_prefixlen else f"{name}:{network}"


def _covered(mechanisms: Iterable[Mechanism], network: IpNetwork) -> bool:
    """An ip4 or ip6 term allows it before anything else could decide otherwise."""
    for mechanism in mechanisms:
        if mechanism.network is None or mechanism.qualifier is not Qualifier.PASS:
            # What stands here needs DNS to judge, or refuses; adding the address in front settles it.
            if mechanism.network is not None and not _overlap(mechanism.network, network):
                continue
            if mechanism.qualifier is Qualifier.PASS and mechanism.name != "all":
                continue
            return False
        if _within(network, mechanism.network):
            return True
    return False


def _within(inner: IpNetwork, outer: IpNetwork) -> bool:
    return inner.version == outer.version and inner.network_address in outer and inner.prefixlen >= outer.prefixlen


def _overlap(one: IpNetwork, other: IpNetwork) -> bool:
    return _within(one, other) or _within(other, one)


def _words(record: str) -> list[str]:
    """The terms as written, errors and all: a proposal mends one thing and leaves the rest to be seen."""
    return [word for word in record.split(" ")[1:] if word]


def _record(words: Iterable[str]) -> str:
    return " ".join((VERSION, *words))


def _insert(record: str, term: str) -> str:
    return _record([term, *_words(record)])


def _is_all(word: str) -> bool:
    return word.lower().lstrip("+-~?") == "all"


def _modifier_name(word: str) -> str:
    match = re.match(r"([A-Za-z][A-Za-z0-9\-_.]*)=", word)
    return match[1].lower() if match else ""
