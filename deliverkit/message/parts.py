"""The parts of a message: texts, pictures, attachments. An own splitter, because the standard one calls itself once
a level and can be made to run out of stack; this one is a loop, bounded in depth, parts and bytes."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

from deliverkit.message.mail import Header, Message, read_message

MAX_PARTS = 500
MAX_DEPTH = 20
MAX_TEXT = 2_000_000
"""Bytes of one text part that are decoded."""

_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:+-]{1,40})", re.IGNORECASE)
_FILE_NAME = re.compile(r"(?:file)?name\*?(?:0\*?)?\s*=\s*(?:\"([^\"]{1,300})\"|([^\s;\"]{1,300}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One leaf."""

    type: str
    """Media type, lower case: ``text/html``."""
    charset: str
    encoding: str
    """Content-Transfer-Encoding, lower case."""
    body: bytes
    """As it stands, encoded."""
    attached: bool
    file_name: str

    def text(self) -> str:
        """The part decoded, at most ``MAX_TEXT`` bytes of it; never raises."""
        data = unpacked(self.body[: MAX_TEXT * 2], self.encoding)[:MAX_TEXT]
        try:
            return data.decode(self.charset or "utf-8", "replace")
        except (LookupError, ValueError):
            return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """All leaves, and whether some were left out."""

    leaves: tuple[Part, ...]
    cut: bool
    """There are more parts, or deeper ones, than are looked at."""

    def texts(self, kind: str) -> list[Part]:
        """The texts for a reader: ``text/plain`` or ``text/html`` parts that are no attachments."""
        return [part for part in self.leaves if part.type == kind and not part.attached]


def read_parts(message: Message) -> Parts:
    """The leaves of ``message``, in their order. Never raises."""
    found: list[Part] = []
    cut = False
    # Last in, first out keeps the order; each entry is a part with its depth.
    todo: list[tuple[tuple[Header, ...], bytes, int]] = [(message.headers, message.body, 0)]
    while todo:
        headers, body, depth = todo.pop()
        kind = _value(headers, "content-type")
        media = kind.partition(";")[0].strip().lower() or "text/plain"
        boundary = _BOUNDARY.search(kind) if media.startswith("multipart/") else None
        if boundary is None:
            found.append(_leaf(headers, media, kind, body))
        elif depth >= MAX_DEPTH:
            cut = True
        else:
            pieces = _split(body, (boundary[1] or boundary[2]).encode("utf-8", "replace"), MAX_PARTS - len(found))
            inner = [read_message(piece) if piece[:2] != b"\r\n" else None for piece in pieces]
            todo += [
                (one.headers, one.body, depth + 1) if one else ((), piece[2:], depth + 1)
                for one, piece in zip(reversed(inner), reversed(pieces), strict=True)
            ]
        if len(found) >= MAX_PARTS:
            return Parts(tuple(found), True)
    return Parts(tuple(found), cut)


def _split(body: bytes, boundary: bytes, limit: int) -> list[bytes]:
    """What stands between the boundary lines (RFC 2046 section 5.1.1); a missing end is forgiven."""
    mark = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(mark, limit + 1)[1:]
    found: list[list[bytes]] = []
    for piece in pieces[:limit]:
        if piece.startswith(b"--"):
            break
        line, _, rest = piece.partition(b"\r\n")
        if not line.strip():
            found.append([rest])
        elif found:
            # The boundary is only the beginning of another one, of a part inside.
            found[-1] += [mark, piece]
    return [b"".join(parts) for parts in found]


def _leaf(headers: tuple[Header, ...], media: str, kind: str, body: bytes) -> Part:
    disposition = _value(headers, "content-disposition")
    charset, name = _CHARSET.search(kind), _FILE_NAME.search(disposition) or _FILE_NAME.search(kind)
    return Part(
        type=media[:100],
        charset=charset[1] if charset else "",
        encoding=_value(headers, "content-transfer-encoding").partition(";")[0].strip().lower(),
        body=body,
        attached=disposition.strip().lower().startswith("attachment"),
        file_name=(name[1] or name[2]) if name else "",
    )


def _value(headers: tuple[Header, ...], name: str) -> str:
    return next((header.text for header in headers if header.key == name), "")


def unpacked(data: bytes, encoding: str) -> bytes:
    """``data`` without its transfer encoding; what is broken in it is left out."""
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    if encoding == "base64":
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        try:
            return base64.b64decode(clean[: len(clean) // 4 * 4] + _rest(clean))
        except binascii.Error:
            return b""
    return data


def _rest(clean: bytes) -> bytes:
    tail = clean[len(clean) // 4 * 4 :]
    return tail + b"=" * (-len(tail) % 4) if len(tail) > 1 else b""
