"""Finding addresses in the words of a report, and the failed one in what a sender hid in its envelope."""

from __future__ import annotations

import re

_WIDE = "（）［］【】《》「」『』〈〉＜＞：；，。、！？“”‘’…"
"""Punctuation of other scripts, which stands beside addresses without a blank."""
_LOCAL = rf"[^\s<>,;:\"()\[\]\\|@*{_WIDE}]"
_DOMAIN = rf"[^\s<>,;:\"'()\[\]\\|@/*{_WIDE}]"
ADDRESS = rf"(?:\"[^\"\s<>]{{1,64}}\"|{_LOCAL}{{1,64}})@{_DOMAIN}{{1,253}}"
ANY_ADDRESS = re.compile(ADDRESS)
_LITERAL = re.compile(r"[^\s<>,;:\"()\\|@]{1,64}@\[[\dA-Fa-f:.]{2,45}(?:IPv6:[\dA-Fa-f:.]{2,45})?\]")
_UNIPOINT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_VERP = re.compile(
    r"(?:^|[+._-])(?P<local>[^+=@]{1,64}(?:\+[^=@]{1,64})?)=(?P<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z][A-Za-z0-9]{1,30})"
    r"(?=[+@]|-[\w.-]*@|$)"
)
_VERP_HEADS = re.compile(
    r"^(?:(?:owner-[\w.-]{1,60}(?=\+)|bounces?|bounced?|return|returns?|errors?|err|mailer|owner|verp|b|bnc|rp|nl|news|"
    r"newsletter|msprvs\d?|[\w.]{0,40}-(?:bounces?|errors?|return|owner|request))[+._=-]+)+(?:[0-9a-f]{4,}[-._+=])*",
    re.IGNORECASE,
)
_VERP_IDS = re.compile(r"^(?:\d+[-.+]|(?=[a-f]*\d)[0-9a-f]{4,}[-.+])+(?=[^=]+=)", re.IGNORECASE)
_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|poostmaster|double-bounce|abuse|noreply|no-reply|mdaemon|"
    r"root)(?:[+=-].*)?@",
    re.IGNORECASE,
)


def _unescaped(match: re.Match[str]) -> str:
    point = int(match[1], 16)
    return chr(point) if point < 0xD800 or 0xDFFF < point < 0x110000 else "\ufffd"


def clean_address(text: str) -> str | None:
    """One address out of a field: type prefix, brackets, comments and RFC 6533 escapes removed; None if it is none."""
    if ";" in text:
        kind, _, rest = text.partition(";")
        if "@" not in kind:
            text = rest
    text = text.strip()
    if "\\x{" in text:
        text = _UNIPOINT.sub(_unescaped, text)
    if "@" not in text:
        if "+40" not in text:
            return None
        text = text.replace("+40", "@", 1)
    if text[0] in "|/":
        return None  # a program or a file, not an address
    match = ANY_ADDRESS.search(text) or _LITERAL.search(text)
    if not match:
        return None
    found = match[0].strip("'`.<>!?*=")
    if found.lower().startswith(("mailto:", "rfc822:", "smtp:")):
        found = found.partition(":")[2]
    local, _, domain = found.rpartition("@")
    if not local or not domain or len(found) > 320:
        return None
    return found


def addresses(text: str) -> list[str]:
    """All addresses in a text, in their order, each once, at most a hundred."""
    found: dict[str, str] = {}
    for match in ANY_ADDRESS.finditer(text[:20_000]):
        address = clean_address(match[0])
        if address:
            found.setdefault(address.lower(), address)
            if len(found) >= 100:
                break
    return list(found.values())


def first_address(field: str | None) -> str | None:
    """The address of a From or Return-Path field; comments and quoted names do not count."""
    if not field or "@" not in field:
        return None
    field = field[:2000]
    start = field.rfind("<")
    if start >= 0:
        found = clean_address(field[start + 1 :].partition(">")[0])
        if found:
            return found
    return clean_address(_COMMENT.sub(" ", field)) or clean_address(field)


def is_daemon(address: str | None) -> bool:
    """Is this the address of a mail system rather than of a person?"""
    return bool(address) and _DAEMON.match(address or "") is not None


def verp_address(envelope: str | None) -> str | None:
    """The recipient that a sender wrote into its own envelope address: ``bounces+user=example.com@list.example``.

    None where there is no ``=`` between two things that look like the halves of an address (also for BATV and SRS,
    whose halves are the sender's own).
    """
    if not envelope or "=" not in envelope or "@" not in envelope:
        return None
    local = envelope.rpartition("@")[0]
    low = local.lower()
    if low.startswith(("prvs=", "btv1==", "msprvs", "srs0", "srs1")) or "=srs" in low:
        return None
    bare = _VERP_HEADS.sub("", local, count=1)
    local = _VERP_IDS.sub("", bare, count=1) if bare != local else local
    match = _VERP.search(local) or _VERP.search(local + "@")
    if not match:
        return None
    name = match["local"]
    return f"{name}@{match['domain']}"
