"""What changed between two results: findings that are new, those that are gone, and checks that no longer answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern
from typing import Any

from deliverkit.errors import FileError
from deliverkit.language import _

SCHEMA = "deliverkit.audit/1"
MAX_DOCUMENT = 512 * 1024 * 1024
"""Bytes of a result in one JSON document, which is read as a whole; lines of JSON may be any number."""
_ADVICE = "Name a result that 'deliverkit audit --format json' or '--format jsonl' wrote."
_IDENTITY = (
    *("selector", "name", "list", "ip", "host", "term", "include", "tag", "address", "mx", "platform", "provider"),
    *("server", "target", "zone", "domain"),
)
"""Arguments that tell one finding from another of the same id; counts, days and records change with every run."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding as it is recognised again. Compared by all but its severity and summary."""

    check: str
    subject: str
    id: str
    about: str
    """The arguments that tell it from others, as text."""
    severity: str = field(compare=False)
    summary: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different about one domain."""

    new: tuple[Known, ...] = ()
    fixed: tuple[Known, ...] = ()
    """Gone, and the check that had found them could ask."""
    unsure: tuple[Known, ...] = ()
    """Not there now, but their check is unknown now."""
    first: bool = False
    """The domain was not in the earlier result."""

    def __bool__(self) -> bool:
        return bool(self.new or self.fixed or self.unsure)


def known_findings(audit: Mapping[str, Any]) -> tuple[Known, ...]:
    """The findings of one entry of ``audits``, notes for information left out."""
    return tuple(
        known(check, finding)
        for check in audit.get("checks", ())
        for finding in check.get("findings", ())
        if finding.get("severity") != "info"
    )


def known(check: Mapping[str, Any], finding: Mapping[str, Any]) -> Known:
    """A finding of a check as it is recognised again."""
    args = finding.get("args") or {}
    about = ";".join(f"{name}={args[name]}" for name in _IDENTITY if args.get(name) not in (None, ""))
    return Known(
        intern(str(check.get("check"))),
        str(check.get("subject")),
        intern(str(finding.get("id"))),
        about,
        intern(str(finding.get("severity"))),
        str(finding.get("summary", "")),
    )


@dataclass(slots=True)
class Baseline:
    """An earlier result, to compare with."""

    domains: dict[str, tuple[Known, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a JSON document or lines of JSON. Raises FileError that names file and line."""
        return cls({str(audit["domain"]): _bare(known_findings(audit)) for audit in results(path)})

    def changes(self, audit: Mapping[str, Any]) -> Changes:
        """What is different about the domain of ``audit``."""
        return changes(self.domains.get(str(audit["domain"])), audit)


def changes(before: Iterable[Known] | None, audit: Mapping[str, Any]) -> Changes:
    """Compare the findings from before, None if the domain was not looked at, with an audit of now."""
    now = known_findings(audit)
    if before is None:
        return Changes(new=now, first=True)
    before = tuple(before)
    unknown = {(c["check"], c["subject"]) for c in audit.get("checks", ()) if c.get("outcome") == "unknown"}
    asked = {c["check"] for c in audit.get("checks", ())}
    gone = [k for k in before if k not in now]
    unsure = tuple(k for k in gone if (k.check, k.subject) in unknown or k.check not in asked)
    return Changes(
        new=tuple(k for k in now if k not in before),
        fixed=tuple(k for k in gone if k not in unsure),
        unsure=unsure,
    )


def results(path: Path) -> Iterator[dict[str, Any]]:
    """The audits in a result file, one at a time where it is lines of JSON.

    Raises FileError for a file that is none, with the line.
    """
    try:
        with path.open("rb") as handle:
            first = handle.readline(MAX_DOCUMENT)
            if line := _parsed(first):
                yield from _audits(line, path, 1)
                for number, raw in enumerate(handle, 2):
                    if raw.strip():
                        yield from _audits(_parsed(raw), path, number)
                return
            whole = first + handle.read(MAX_DOCUMENT)
    except OSError as error:
        message = _("{path}: {why}").format(path=path, why=error.strerror or error)
        raise FileError(message, advice=_("Check the path and its rights.")) from error
    yield from _audits(_parsed(whole), path, 1)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _audits(data: Any, path: Path, number: int) -> Iterator[dict[str, Any]]:
    """The audits of a document, or the one of a line."""
    found = data.get("audits", [data]) if isinstance(data, dict) and data.get("schema") == SCHEMA else None
    if not isinstance(found, list) or not all(_is_audit(each) for each in found):
        message = _("{path}: line {number} is no result of an audit").format(path=path, number=number)
        raise FileError(message, advice=_(_ADVICE))
    yield from found


def _is_audit(each: Any) -> bool:
    return (
        isinstance(each, dict)
        and isinstance(each.get("domain"), str)
        and isinstance(each.get("checks"), list)
        and all(isinstance(c, dict) and isinstance(c.get("findings"), list) for c in each["checks"])
        and all(isinstance(f, dict) for c in each["checks"] for f in c["findings"])
    )


def _bare(findings: tuple[Known, ...]) -> tuple[Known, ...]:
    """Without the sentences, which nobody compares: a baseline of 50,000 domains is held in memory."""
    return tuple(Known(k.check, k.subject, k.id, k.about, k.severity) for k in findings)
