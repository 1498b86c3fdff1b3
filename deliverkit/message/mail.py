"""The bytes of a message as headers and body, the way a verifier of signatures sees them (RFC 5322, RFC 6376)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_BYTES = 64_000_000
"""Bytes of one message; receivers refuse far smaller ones."""
MAX_HEADER_BYTES = 1_000_000
"""Bytes of headers that are read; what comes behind them is not looked at."""
MAX_HEADERS = 5_000
MAX_LINE = 998
"""Characters of a line without its end (RFC 5322 section 2.1.1)."""
MAX_VALUE = 20_000
"""Characters of one header value that are handed out."""

_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")


@dataclass(frozen=True, slots=True)
class Header:
    """One header field as it stands."""

    name: bytes
    """As written, without the colon."""
    value: bytes
    """Everything behind the colon, folds and the last CRLF included: what signatures are made over."""

    @property
    def key(self) -> str:
        """The name in lower case."""
        return self.name.decode("ascii", "replace").lower()

    @property
    def text(self) -> str:
        """The value on one line, not decoded; bytes beyond ASCII as UTF-8 where they are that."""
        return " ".join(self.value[:MAX_VALUE].decode("utf-8", "replace").split())

    @property
    def words(self) -> str:
        """The value with encoded words (RFC 2047) decoded; as it stands where they cannot be."""
        text = self.text
        if "=?" not in text:
            return text
        from email.header import decode_header, make_header

        try:
            return str(make_header(decode_header(text)))
        except (LookupError, ValueError, UnicodeError):
            return text


@dataclass(frozen=True, slots=True)
class Lines:
    """What the lines of the file give away."""

    longest: int = 0
    """Bytes of the longest line, without its end."""
    bare_cr: int = 0
    """CR characters that no LF follows."""
    bare_lf: int = 0
    """LF characters without CR in a file whose other lines end in CRLF."""
    nul: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message. Headers are those at its top; parts and links are read on demand (``parts.py``)."""

    size: int
    headers: tuple[Header, ...]
    body: bytes
    """With CRLF line ends."""
    has_body: bool
    """An empty line ended the headers. A copy of the headers alone has none."""
    header_bytes: int
    lines: Lines
    strays: tuple[bytes, ...] = ()
    """Lines among the headers that are no header, at most a few, cut."""
    cut: bool = False
    """There were more headers than are read."""
    _hashes: dict[tuple[str, bool, int | None], bytes] = field(default_factory=dict, repr=False)

    def all(self, name: str) -> list[Header]:
        """Every field of that name, topmost first."""
        wanted = name.lower()
        return [header for header in self.headers if header.key == wanted]

    def first(self, name: str) -> Header | None:
        """The topmost field of that name."""
        return next(iter(self.all(name)), None)

    def text(self, name: str) -> str | None:
        """The value of the topmost field of that name on one line, or None."""
        header = self.first(name)
        return None if header is None else header.text

    @property
    def counts(self) -> Counter[str]:
        """How often each field stands, by its name in lower case."""
        return Counter(header.key for header in self.headers)

    def body_hash(self, algorithm: str, *, relaxed: bool, length: int | None = None) -> bytes:
        """The digest of the body as a signature has it (RFC 6376 section 3.4); each is computed once.

        dkimpy's own way takes time by the square of a long run of spaces.
        """
        import hashlib

        key = (algorithm, relaxed, length)
        if key not in self._hashes:
            canonical = canonical_body(self.body, relaxed=relaxed)
            taken = canonical if length is None else memoryview(canonical)[:length]
            self._hashes[key] = hashlib.new(algorithm, taken).digest()
        return self._hashes[key]


# A single space, the most frequent case, needs no replacing.
_SPACES = re.compile(rb"[\t ]{2,}|\t")


def canonical_body(body: bytes, *, relaxed: bool) -> bytes:
    """The body with CRLF line ends, in ``simple`` or ``relaxed`` form (RFC 6376 sections 3.4.3 and 3.4.4)."""
    if relaxed:
        body = b"\r\n".join(line.rstrip(b"\t ") for line in body.split(b"\r\n"))
        body = _SPACES.sub(b" ", body)
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    body = body[:end]
    # An empty body is nothing in relaxed form and one line end in simple form.
    return body + b"\r\n" if body or not relaxed else b""


def read_message(data: bytes) -> Message:
    """Read one message from the bytes of a file. Never raises."""
    size = len(data)
    data = data[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if data[:5] in (b"From ", b">From"):
        data = data.partition(b"\n")[2]
    lines = _lines(data)
    data = data.replace(b"\r\n", b"\n")
    if data.startswith(b"\n"):
        head, gap, body = b"", b"\n", data[1:]
    else:
        head, gap, body = data.partition(b"\n\n")
    headers, strays, cut = _headers(head[:MAX_HEADER_BYTES])
    return Message(
        size=size,
        headers=headers,
        body=body.replace(b"\n", b"\r\n"),
        has_body=bool(gap),
        header_bytes=len(head) + head.count(b"\n"),
        lines=lines,
        strays=strays,
        cut=cut or len(head) > MAX_HEADER_BYTES,
    )


def _lines(data: bytes) -> Lines:
    pairs, feeds, returns = data.count(b"\r\n"), data.count(b"\n"), data.count(b"\r")
    # A file with LF alone was saved so, as programs do; only a mixture was sent so.
    bare_lf = feeds - pairs if pairs > feeds - pairs else 0
    longest = max((len(line) - line.endswith(b"\r") for line in _each_line(data)), default=0)
    return Lines(longest, returns - pairs, bare_lf, data.count(b"\0"))


def _each_line(data: bytes) -> Iterator[bytes]:
    yield from data.split(b"\n")


def _headers(head: bytes) -> tuple[tuple[Header, ...], tuple[bytes, ...], bool]:
    names: list[bytes] = []
    values: list[list[bytes]] = []
    strays: list[bytes] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and values:
            values[-1].append(line)
            continue
        match = _NAME.match(line)
        if match is None:
            if line and len(strays) < 3:
                strays.append(line[:80])
        elif len(names) < MAX_HEADERS:
            names.append(match[1])
            values.append([line[match.end() :]])
        else:
            return _joined(names, values), tuple(strays), True
    return _joined(names, values), tuple(strays), False


def _joined(names: list[bytes], values: list[list[bytes]]) -> tuple[Header, ...]:
    joined = (b"\r\n".join(parts) + b"\r\n" for parts in values)
    return tuple(Header(name, value) for name, value in zip(names, joined, strict=True))
