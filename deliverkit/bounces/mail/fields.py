"""The machine's half of a report: status fields of RFC 3464 and RFC 6533, as systems really write them."""

from __future__ import annotations

import re
from typing import NamedTuple

from deliverkit.bounces.mail.address import clean_address

MAX_RECIPIENTS = 5_000
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{2,60})[ \t]*:[ \t]*(.*)")
_TYPE = re.compile(r"\s*[A-Za-z][\w.-]{0,40}\s*;\s*")
_QUOTED = re.compile(r"^>+ ?", re.MULTILINE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}$")
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\s*(?:\((.*)\))?")
_ABOUT_RECIPIENT = frozenset(
    {
        "final-recipient", "original-recipient", "x-actual-recipient", "action", "status", "remote-mta",
        "diagnostic-code", "last-attempt-date", "will-retry-until", "final-log-id",
        "x-display-name", "localized-diagnostic",
        "x-supplementary-info", "x-smtp-diagnostic", "x-powermta-bouncecategory",
        "x-notes-item", "x-mimecast-diagnostic",
    }
)  # fmt: skip
_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")


class Status(NamedTuple):
    """The fields of one recipient."""

    recipient: str | None
    original: str | None
    """The address as the sender gave it, where the report names another."""
    action: str
    status: str
    """Enhanced status code, or empty."""
    comment: str
    """What stands in brackets behind the status code."""
    diagnostic: str
    """The words of Diagnostic-Code without its type."""
    remote: str | None
    """Host of Remote-MTA."""
    at: str | None
    """Last-Attempt-Date as written."""


class Report(NamedTuple):
    """All of it."""

    reporting: str | None
    """Host that wrote the report."""
    arrival: str | None
    envelope_sender: str | None
    recipients: list[Status]


def read_report(text: str) -> Report:
    """Read status fields. Never raises; fields in a wrong order, without the empty line or quoted are understood."""
    common, groups = _groups(text)
    return Report(
        reporting=_host(common.get("reporting-mta") or common.get("x-reporting-mta")),
        arrival=common.get("arrival-date"),
        envelope_sender=clean_address(common.get("x-postfix-sender", "")),
        recipients=[_status(group) for group in groups],
    )


def unquoted(text: str) -> str:
    """Without the marks of a forwarded mail."""
    return _QUOTED.sub("", text)


def _groups(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    common: dict[str, str] = {}
    groups: list[dict[str, str]] = []
    group: dict[str, str] = {}
    name = ""
    holder = common
    for line in text.split("\n"):
        if not line.strip():
            name = ""
            if any(key in group for key in _RECIPIENTS) or not groups:
                if group:
                    groups.append(group)
                    group = {}
            elif group:
                # An empty line in the middle of one recipient's fields.
                for key, value in group.items():
                    groups[-1].setdefault(key, value)
                group = {}
            if len(groups) >= MAX_RECIPIENTS:
                break
            continue
        match = _FIELD.match(line) if line[0] not in " \t" else None
        if match is None:
            if name and len(holder[name]) < 8000:
                holder[name] += ("\n" if name == "diagnostic-code" else " ") + line.strip()
            continue
        name = match[1].lower()
        if name in _ABOUT_RECIPIENT:
            if name in group and (name == "final-recipient" or (name == "original-recipient" and "action" in group)):
                groups.append(group)
                group = {}
            holder = group
        else:
            holder = common
        if holder.get(name):
            name = ""
        else:
            holder[name] = match[2].strip()
    if group:
        if any(key in group for key in _RECIPIENTS) or not groups:
            groups.append(group)
        else:
            for key, value in group.items():
                groups[-1].setdefault(key, value)
    return common, [g for g in groups if any(key in g for key in (*_RECIPIENTS, "action", "status", "diagnostic-code"))]


def _status(group: dict[str, str]) -> Status:
    final = clean_address(group.get("final-recipient", ""))
    original = clean_address(group.get("original-recipient", ""))
    actual = clean_address(group.get("x-actual-recipient", "")) if final is None else None
    recipient = final or original or actual
    code = _STATUS.search(group.get("status", ""))
    diagnostic = group.get("diagnostic-code", "") or group.get("x-smtp-diagnostic", "")
    head = _TYPE.match(diagnostic)
    if head and not diagnostic[head.end() :].strip().startswith(";"):
        diagnostic = diagnostic[head.end() :]
    diagnostic = diagnostic.strip()
    return Status(
        recipient=recipient,
        original=original if original and recipient and original.lower() != recipient.lower() else None,
        action=group.get("action", "").partition("(")[0].strip().strip(";").lower(),
        status=code[1] if code else "",
        comment=(code[2] or "").strip() if code else "",
        diagnostic=diagnostic if len(diagnostic) > 3 or diagnostic.isdigit() else "",
        remote=_host(group.get("remote-mta")),
        at=group.get("last-attempt-date"),
    )


def _host(field: str | None) -> str | None:
    if not field:
        return None
    value = field.partition(";")[2] or field
    match = _HOST.search(value)
    if not match or _IPV4.match(match[0]):
        return None
    return match[0].lower()
