"""Fetched documents in recordings and in worlds written by hand: how they are kept, and how they answer.

In a recording they stand beside the answers, as ``documents``; a recording without them is as good as ever. In a
world they are tables by address::

    [http."https://mta-sts.shop.example/.well-known/mta-sts.txt"]
    body = "version: STSv1\\nmode: testing\\nmx: mx.shop.example\\nmax_age: 86400\\n"
    content_type = "text/plain"       # the default
    then = { status = "timeout" }     # what changes by the next look; a table, or a list of them

Further keys: ``status`` (a ``FetchStatus``), ``code``, ``location``, ``tls_fault``, ``detail`` and, for what is no
text, ``base64`` instead of ``body``.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from deliverkit.errors import FileError
from deliverkit.language import _, marked
from deliverkit.net.http import MAX_BYTES, Fetched, FetchStatus, TlsFault
from deliverkit.net.resolver import Resolver

W = TypeVar("W", FetchStatus, TlsFault)

MAX_DOCUMENTS = 20_000
MAX_LOOKS = 100
Documents = Mapping[str, tuple[Fetched, ...]]
"""By address, each with its looks."""

_KEYS = frozenset({"status", "code", "content_type", "body", "base64", "location", "tls_fault", "detail"})
_ADVICE = marked("Record it again with --record FILE, or mend the entry by hand.")


def rows(documents: Iterable[Fetched]) -> list[dict[str, object]]:
    """Documents as a recording holds them: sorted by address, the looks at one in the order they were taken."""
    looks: dict[str, list[dict[str, object]]] = {}
    for fetched in documents:
        looks.setdefault(fetched.url, []).append(_row(fetched))
    return [{"url": url, **(seen[0] if len(seen) == 1 else {"looks": seen})} for url, seen in sorted(looks.items())]


def _row(fetched: Fetched) -> dict[str, object]:
    row: dict[str, object] = {"status": fetched.status.value}
    named = ("code", "content_type", "location", "detail")
    row |= {name: value for name in named if (value := getattr(fetched, name))}
    if fetched.tls_fault is not None:
        row["tls_fault"] = fetched.tls_fault.value
    if fetched.ok:
        try:
            row["body"] = fetched.body.decode("utf-8")
        except UnicodeDecodeError:
            row["base64"] = base64.b64encode(fetched.body).decode("ascii")
    return row


def from_rows(data: object, origin: str) -> Documents:
    """The ``documents`` of a recording. Raises FileError that names the place."""
    if not isinstance(data, list) or len(data) > MAX_DOCUMENTS:
        raise FileError(
            _("{origin}: documents: a list of at most {max_documents} is needed").format(
                origin=origin, max_documents=MAX_DOCUMENTS
            ),
            advice=_(_ADVICE),
        )
    found: dict[str, tuple[Fetched, ...]] = {}
    for number, row in enumerate(data):
        where = f"{origin}: documents[{number}]"
        if not isinstance(row, dict) or not isinstance(row.get("url"), str):
            raise FileError(_("{where}: a table with a url is needed").format(where=where), advice=_(_ADVICE))
        looks = row.get("looks", [{key: value for key, value in row.items() if key != "url"}])
        found[row["url"]] = _looks(row["url"], looks, where)
    return found


def from_tables(data: object, origin: str) -> Documents:
    """The tables ``[http."https://…"]`` of a world. Raises FileError that names the place."""
    if not isinstance(data, Mapping) or len(data) > MAX_DOCUMENTS:
        raise FileError(
            _('{origin}: http: tables such as [http."https://…"] are needed').format(origin=origin), advice=_(_ADVICE)
        )
    found = {}
    for url, table in data.items():
        where = f'{origin}: http."{url}"'
        if not isinstance(table, Mapping):
            raise FileError(_("{where}: a table is needed").format(where=where), advice=_(_ADVICE))
        later = table.get("then", [])
        first = {key: value for key, value in table.items() if key != "then"}
        found[url] = _looks(url, [first, *(later if isinstance(later, list) else [later])], where)
    return found


def _looks(url: str, looks: object, where: str) -> tuple[Fetched, ...]:
    if not isinstance(looks, list) or not 0 < len(looks) <= MAX_LOOKS:
        raise FileError(
            _("{where}: one to {max_looks} looks are needed").format(where=where, max_looks=MAX_LOOKS),
            advice=_(_ADVICE),
        )
    return tuple(_look(url, look, where) for look in looks)


def _look(url: str, table: object, where: str) -> Fetched:
    if not isinstance(table, Mapping):
        raise FileError(_("{where}: a table is needed").format(where=where), advice=_(_ADVICE))
    if unknown := set(table) - _KEYS:
        raise FileError(
            _("{where}: '{unknown}' is not known").format(where=where, unknown=min(unknown)),
            advice=_("Known are {names}.").format(names=", ".join(sorted(_KEYS))),
        )
    status = _word(FetchStatus, table, "status", where) or FetchStatus.OK
    code = table.get("code", 200 if status is FetchStatus.OK else None)
    if code is not None and (not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599):
        raise FileError(_("{where}.code: a number from 100 to 599 is needed").format(where=where), advice=_(_ADVICE))
    body = _body(table, where)
    if body and status is not FetchStatus.OK:
        raise FileError(_("{where}.body: only 'ok' has a body").format(where=where), advice=_(_ADVICE))
    return Fetched(
        url,
        status,
        code,
        _text(table, "content_type", where, "text/plain" if status is FetchStatus.OK else ""),
        body,
        _text(table, "location", where),
        _word(TlsFault, table, "tls_fault", where),
        _text(table, "detail", where),
    )


def _body(table: Mapping[str, object], where: str) -> bytes:
    coded = table.get("base64")
    if coded is None:
        return _text(table, "body", where).encode("utf-8", "backslashreplace")
    try:
        body = base64.b64decode(str(coded), validate=True)
    except (binascii.Error, ValueError):
        raise FileError(_("{where}.base64: not base64").format(where=where), advice=_(_ADVICE)) from None
    if len(body) > 4 * MAX_BYTES:
        raise FileError(
            _("{where}.base64: longer than {value} bytes").format(where=where, value=4 * MAX_BYTES), advice=_(_ADVICE)
        )
    return body


def _text(table: Mapping[str, object], key: str, where: str, default: str = "") -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or len(value) > 4 * MAX_BYTES:
        raise FileError(
            _("{where}.{key}: a text of at most {value} characters is needed").format(
                where=where, key=key, value=4 * MAX_BYTES
            ),
            advice=_(_ADVICE),
        )
    return value


def _word(kind: type[W], table: Mapping[str, object], key: str, where: str) -> W | None:
    value = table.get(key)
    if value is None:
        return None
    try:
        return kind(str(value))
    except ValueError:
        words = ", ".join(word.value for word in kind)
        raise FileError(
            _("{where}.{key}: it must be one of {words}").format(where=where, key=key, words=words), advice=_(_ADVICE)
        ) from None


class ReplayFetcher:
    """A Fetcher that answers from ``documents``, always the same; looks count as in ``ReplayResolver``.

    Of an address that is not among them it says what DNS says of its host: no such host, or a failed question;
    where the host is there, nothing is known of the document (``error``).
    """

    def __init__(self, documents: Documents, resolver: Resolver) -> None:
        self._documents = documents
        self._resolver = resolver
        self._taken: defaultdict[str, int] = defaultdict(lambda: -1)

    async def fetch(self, url: str, *, max_bytes: int = MAX_BYTES, redirects: int = 0, fresh: bool = False) -> Fetched:
        """See ``Fetcher.fetch``."""
        looks = self._documents.get(url)
        if looks is None:
            return await self._unknown(url)
        taken = self._taken[url]
        look = self._taken[url] = taken + 1 if fresh or taken < 0 else taken
        fetched = looks[min(look, len(looks) - 1)]
        if len(fetched.body) > max_bytes:
            return replace(fetched, status=FetchStatus.TOO_LARGE, body=b"")
        return fetched

    async def _unknown(self, url: str) -> Fetched:
        from urllib.parse import urlsplit

        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        if not host or not url.startswith("https://"):
            return Fetched(url, FetchStatus.BAD_URL)
        answers = [await self._resolver.query(host, rdtype) for rdtype in ("A", "AAAA")]
        if all(answer.absent for answer in answers):
            return Fetched(url, FetchStatus.NO_HOST, detail=answers[0].status.value)
        if not any(answer.found for answer in answers):
            return Fetched(url, FetchStatus.DNS_FAILURE, detail=answers[0].status.value)
        return Fetched(url, FetchStatus.ERROR, detail="not in the recording")
