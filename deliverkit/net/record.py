"""Keeps the answers of a run in a file that people can read, compare and send with a bug report."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from deliverkit.errors import FileError
from deliverkit.language import _
from deliverkit.net.documents import rows as document_rows
from deliverkit.net.http import Fetched
from deliverkit.net.resolver import Answer, Dnssec, Resolver
from deliverkit.net.smtp import SmtpSession, session_rows

SCHEMA = "deliverkit.recording/1"


class RecordingResolver:
    """A Resolver that passes questions on and keeps every answer. (``RunCache`` keeps its own as well.)"""

    def __init__(self, inner: Resolver) -> None:
        self._inner = inner
        self._answers: list[Answer] = []

    def answers(self) -> tuple[Answer, ...]:
        """Every answer so far, in the order they came."""
        return tuple(self._answers)

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Ask; see ``Resolver.query``."""
        answer = await self._inner.query(name, rdtype, fresh=fresh, server=server, dnssec=dnssec)
        self._answers.append(answer)
        return answer

    async def aclose(self) -> None:
        """Close the inner resolver."""
        close = getattr(self._inner, "aclose", None)
        if close is not None:
            await close()


def document(
    answers: Iterable[Answer],
    meta: Mapping[str, object] | None = None,
    documents: Iterable[Fetched] = (),
    sessions: Iterable[SmtpSession] = (),
) -> dict[str, object]:
    """The recording as data: questions sorted; the looks at one question in the order they were taken.

    ``documents`` are what was fetched over HTTPS; without any, the recording has no such part. ``sessions`` are
    the visits to mail servers.
    ``meta`` is put in front: what was run, and ``made`` (ISO 8601; now, when not given).
    """
    looks: dict[tuple[str, str, str, str], list[dict[str, object]]] = {}
    for answer in answers:
        key = (answer.name, answer.rdtype, answer.asked_server, answer.dnssec.value)
        looks.setdefault(key, []).append(_look(answer))
    rows: list[dict[str, object]] = []
    for (name, rdtype, asked_server, dnssec), seen in sorted(looks.items()):
        row: dict[str, object] = {"name": name, "rdtype": rdtype}
        if asked_server:
            row["asked_server"] = asked_server
        if dnssec:
            row["dnssec"] = dnssec
        rows.append(row | (seen[0] if len(seen) == 1 else {"looks": seen}))
    made = datetime.now(UTC).isoformat(timespec="seconds")
    recording: dict[str, object] = {"schema": SCHEMA, "made": made, **(meta or {}), "answers": rows}
    if fetched := document_rows(documents):
        recording["documents"] = fetched
    if visits := session_rows(sessions):
        recording["smtp"] = visits
    return recording


def _look(answer: Answer) -> dict[str, object]:
    """One answer without the question, and without what it leaves empty. Times are not kept: they never repeat."""
    look: dict[str, object] = {"status": answer.status.value}
    if answer.records:
        look["records"] = list(answer.records)
    if answer.ttl is not None:
        look["ttl"] = answer.ttl
    if answer.cname:
        look["cname"] = list(answer.cname)
    if answer.server:
        look["server"] = answer.server
    if answer.detail:
        look["detail"] = answer.detail
    if answer.authenticated:
        look["authenticated"] = True
    if answer.referral:
        look["referral"] = True
    if answer.signatures:
        look["signatures"] = list(answer.signatures)
    return look


def save(
    path: Path,
    answers: Iterable[Answer],
    meta: Mapping[str, object] | None = None,
    documents: Iterable[Fetched] = (),
    sessions: Iterable[SmtpSession] = (),
) -> None:
    """Write a recording, whole or not at all. Raises FileError when the folder cannot be written."""
    text = json.dumps(document(answers, meta, documents, sessions), indent=1) + "\n"
    temporary = None
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe is written to, never replaced by a file.
            path.write_text(text)
            return
        path = path.resolve()
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as handle:
            temporary = Path(handle.name)
            handle.write(text)
        # NamedTemporaryFile makes files that only their owner can read; a recording is an ordinary file.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise FileError(
            _("{path}: the recording cannot be written: {strerror}").format(
                path=path, strerror=error.strerror or error
            ),
            advice=_("Name a file in a folder that you may write."),
        ) from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
