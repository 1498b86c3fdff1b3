"""DMARC records to publish, worked out from what is published now. Pure: text in, text out.

Never a jump: a first record only watches, and tightening goes one level at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from deliverkit.checks.dmarc_record import (
    MAX_RECORD,
    REMOVED_TAGS,
    DmarcRecord,
    Policy,
    looks_like_dmarc,
    parse_record,
)

_ORDER = ("v", "p", "sp", "np", "psd", "t", "adkim", "aspf", "rua", "ruf", "fo")
_VALUES = {"t": "yn", "adkim": "rs", "aspf": "rs", "psd": "ynu"}
_QUOTES = "\"'`\u2018\u2019\u201c\u201d \t\ufeff"


def reports_address(domain: str) -> str:
    """The mailbox we propose where none is known."""
    return f"dmarc-reports@{domain}"


def first_record(domain: str, rua: str | None = None) -> str:
    """The record to begin with: it changes nothing for the mail and asks for reports."""
    return f"v=DMARC1; p=none; rua={_uri(rua or reports_address(domain))}"


def with_reports(record: str, rua: str) -> str:
    """The record with ``rua`` (an address or a ``mailto:`` URI) among those that get aggregate reports."""
    tags = _tags(record)
    known = [_uri(uri) for uri in tags.get("rua", "").split(",") if uri.strip()]
    wanted = _uri(rua)
    tags["rua"] = ",".join([*known, *([] if wanted.lower() in {uri.lower() for uri in known} else [wanted])])
    return _text(tags)


def repaired(records: Sequence[str]) -> str | None:
    """One valid record made of what stands at ``_dmarc`` now: several merged, faults mended.

    Of several policies the weakest wins, and ``reject`` becomes ``quarantine`` unless it is in force today: receivers
    ignore a broken or doubled record, so mending it must not begin with refusing mail. Report addresses are all
    kept. None when none of the texts was meant as a DMARC record.
    """
    meant = [record for record in map(_mended, records) if record is not None]
    if not meant:
        return None
    valid = [record for text in records if (record := parse_record("", text)) is not None]
    in_force = len(valid) == 1 and valid[0].policy("p") is not None
    highest = Policy.REJECT if in_force else Policy.QUARANTINE
    tags: dict[str, str] = {"v": "DMARC1", "p": _weakest(meant, "p", highest)}
    for name in ("sp", "np"):
        inherited = tags.get("sp", tags["p"])
        if any(record.policy(name) for record in meant) and (weakest := _weakest(meant, name, highest)) != inherited:
            tags[name] = weakest
    for name, lenient, default in (("t", "y", "n"), ("adkim", "r", "r"), ("aspf", "r", "r"), ("psd", "u", "u")):
        chosen = {record.flag(name, default, _VALUES[name]) for record in meant}
        value = lenient if lenient in chosen else min(chosen)
        if value != default:
            tags[name] = value
    for name in ("rua", "ruf"):
        uris = [
            _uri(uri) for record in meant for uri in record.tags.get(name, "").split(",") if "@" in uri or ":" in uri
        ]
        if uris:
            tags[name] = ",".join(dict.fromkeys(uris))
    if in_force and tags["p"] != Policy.NONE:
        tags.update(_partly(valid[0]))
    return _text(tags)


def _partly(record: DmarcRecord) -> dict[str, str]:
    """What keeps a policy as partial as it is: receivers of old still go by ``pct``, and to drop it would apply the
    policy to all mail at once. New ones know ``t=y`` for what ``pct=0`` meant."""
    share = record.tags.get("pct", "")
    if not (share.isascii() and share.isdigit() and len(share) <= 3 and int(share) < 100):
        return {}
    return {"t": "y", "pct": share} if int(share) == 0 else {"pct": share}


def tightened(record: str) -> str | None:
    """The record one step stricter; None when there is nothing to tighten or the text is no DMARC record.

    Steps, one at a time: end test mode (``t=y``), then ``none`` to ``quarantine``, then ``quarantine`` to
    ``reject``. After ``none`` the next policy starts in test mode: receivers that know RFC 9989 go on as before.
    """
    parsed = parse_record("", record)
    policy = parsed.policy("p") if parsed else None
    if parsed is None or policy is None:
        return None
    tags = _tags(record)
    if parsed.testing and policy is not Policy.NONE:
        del tags["t"]
        return _text(tags)
    if policy is Policy.REJECT:
        return None
    stricter = list(Policy)[policy.rank + 1]
    tags["p"] = stricter
    if policy is Policy.NONE:
        tags["t"] = "y"
    return _text(tags)


def has_reports(record: str) -> bool:
    """Whether somebody gets reports, and so can know what a stricter policy would refuse."""
    return bool(_tags(record).get("rua", "").strip())


def _uri(address: str) -> str:
    address = address.strip(_QUOTES)
    return address if ":" in address else f"mailto:{address}"


def _weakest(records: Iterable[DmarcRecord], tag: str, highest: Policy) -> Policy:
    """The mildest of ``highest`` and what the records ask for; a record without a valid policy asks for nothing."""
    return min((highest, *(_asked(record, tag) for record in records)), key=lambda policy: policy.rank)


def _asked(record: DmarcRecord, tag: str) -> Policy:
    inherits = {"p": ("p",), "sp": ("sp", "p"), "np": ("np", "sp", "p")}[tag]
    return next((policy for name in inherits if (policy := record.policy(name)) is not None), Policy.NONE)


_GAP = re.compile(rf"[\s,;]+(?=(?:{'|'.join((*_ORDER, *REMOVED_TAGS))})\s*=)", re.IGNORECASE)
_VERSION = re.compile(r"\s*(?:v\s*=)?\s*dmarc\s*1?[^;]*;?", re.IGNORECASE)


def _mended(text: str) -> DmarcRecord | None:
    """A record as it was meant: version put right, quotes and backslashes gone, blanks or commas before a tag
    taken for the missing semicolon."""
    if parse_record("", text) is None and not looks_like_dmarc(text):
        return None
    text = _GAP.sub("; ", text[:MAX_RECORD].replace("\\", "").strip(_QUOTES))
    opening = _VERSION.match(text)
    body = (text[opening.end() :] if opening else text).strip(_QUOTES + ";")
    return parse_record("", f"v=DMARC1; {body}")


def _tags(record: str) -> dict[str, str]:
    parsed = parse_record("", record)
    tags = dict(parsed.tags) if parsed else {}
    return {**tags, "v": "DMARC1"}


def _text(tags: dict[str, str]) -> str:
    known = [name for name in _ORDER if name in tags]
    others = [name for name in tags if name not in _ORDER]
    return "; ".join(f"{name}={tags[name]}" for name in (*known, *others))
