"""What kind of machine a reverse name speaks of: a mail server, a hoster's default, a dynamic line.

Filters guess from the same signs: the address written into the name, and words that providers use. One word
alone proves little, so the address in the name or an unmistakable word is asked for; a name that says mail
is believed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum


class HostKind(StrEnum):
    """What a reverse name looks like."""

    NAMED = "named"
    """Somebody chose it."""
    GENERIC = "generic"
    """Made from the address, as hosters do for servers that nobody named."""
    DYNAMIC = "dynamic"
    """A dial-up, cable or mobile line of an access provider."""


_LINE = (
    "dyn dynamic dynip dynamicip dhcp dialup dialin dial dsl adsl vdsl xdsl sdsl ppp pppoe pppoa pool pools ftth fttx"
    " gprs wimax lte cgn cgnat catv residential"
)
"""No mail server bears these."""
_HINT = (
    "cable broadband bb cust customer customers client clients home user users subscriber subs res resnet mobile mob"
    " wireless wifi wlan fiber fibre fixed nat cpe modem hsd hsi"
)
"""Access providers use them, but so do others: they count only with the address in the name."""
_HOSTING = "static server srv vps host hosted hosting colo cloud compute ec2 dedicated node"
"""With the address in the name: a hoster's default, not a home line."""
_MAIL = (
    "mail mails mailer mailout smtp smtpout mx mxout mta mtaout outbound outgoing relay esp email newsletter"
    " sender sending send postfix exim"
)
"""A server that sends mail and says so is believed."""
_LINE_WORDS, _HINT_WORDS, _HOSTING_WORDS, _MAIL_WORDS = (
    frozenset(words.split()) for words in (_LINE, _HINT, _HOSTING, _MAIL)
)
_HEX_GROUP = re.compile(r"[0-9a-f]+")


def host_kind(name: str, ip: str) -> HostKind:
    """Judge the reverse name of ``ip``. Linear in the length of ``name``; raises ValueError for what is no IP."""
    labels = _host_labels(name.lower()[:255].split("."))
    words = {word for label in labels for word in _words(label)}
    if words & _MAIL_WORDS:
        return HostKind.NAMED
    if words & _LINE_WORDS:
        return HostKind.DYNAMIC
    if not holds_ip(".".join(labels), ip):
        return HostKind.NAMED
    return HostKind.DYNAMIC if words & _HINT_WORDS and not words & _HOSTING_WORDS else HostKind.GENERIC


def holds_ip(text: str, ip: str) -> bool:
    """Whether the address is written into the text: its octets in either order, with any or no separators,
    in decimal or hexadecimal; for IPv6 its last four groups or more."""
    address = ipaddress.ip_address(ip)
    if address.version == 6:
        return _holds_ip6(text, address.exploded.split(":"))
    octets = [str(octet) for octet in address.packed]
    numbers = [str(int(n)) if len(n) <= 3 else n for n in re.findall(r"[0-9]+", text)]
    ordered = (octets, octets[::-1])
    if any(_run(numbers, order) for order in ordered):
        return True
    solid = {"".join(octet.zfill(3) for octet in order) for order in ordered} | {address.packed.hex()}
    solid.add(address.packed[::-1].hex())
    return any(form in text for form in solid)


def _holds_ip6(text: str, groups: list[str]) -> bool:
    """The interface half is enough: providers often write only that."""
    half = groups[4:]
    found = _HEX_GROUP.findall(text)
    values = [int(group, 16) for group in found if len(group) <= 4]
    wanted = [int(group, 16) for group in half]
    if _run(values, wanted) or _run(values, wanted[::-1]):
        return True
    digits = "".join(half)
    return any(digits in group for group in found) or ".".join(reversed(digits)) in text


def same_owner(one: str, other: str) -> bool:
    """Whether two names probably stand below one registered domain. A guess from their form, without a list."""
    first, second = one.lower().split("."), other.lower().split(".")
    return first[len(_host_labels(first)) :] == second[len(_host_labels(second)) :]


def _host_labels(labels: list[str]) -> list[str]:
    """Without the domain that somebody registered: two labels, or three below endings such as ``co.uk``."""
    two_part_ending = len(labels) > 3 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return labels[: -3 if two_part_ending else -2]


def _run(values: Sequence[object], wanted: Sequence[object]) -> bool:
    """``wanted`` stands in ``values`` without a gap."""
    size = len(wanted)
    return any(values[i : i + size] == wanted for i in range(len(values) - size + 1))


def _words(label: str) -> list[str]:
    """The words of a label, without the numbers at their ends: ``dsl23-pool`` is ``dsl``, ``pool``."""
    return [word for part in label.replace("_", "-").split("-") if (word := part.strip("0123456789"))]
