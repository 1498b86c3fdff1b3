"""Opening what the user names: plain, packed, or stdin. What it is packed with is told by its first bytes."""

from __future__ import annotations

import io
import sys
from typing import IO, cast

from deliverkit.errors import FileError
from deliverkit.language import _

STDIN = "-"
_STDIN = 0
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"
_BLOCK = 1 << 20
_LONGEST_HEAD = 18
"""Bytes: a frame header of zstd with all its fields (RFC 8878 section 3.1.1.1)."""


class DamagedFileError(FileError):
    """A packed file of which nothing can be unpacked."""


class Rejoined(io.RawIOBase):
    """A stream whose beginning was read already, from its beginning; ends after ``limit`` bytes if one is given.

    Damage in a packed stream is raised by every read behind it.
    """

    def __init__(self, head: bytes, rest: IO[bytes], limit: int | None = None) -> None:
        self._head = head
        self._rest = rest
        self._left = limit
        self._next = getattr(rest, "read1", rest.read)
        self._error: Exception | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """What was read already, then the rest."""
        size = len(buffer) if self._left is None else min(len(buffer), self._left)
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        elif self._error is not None:
            raise self._error
        else:
            try:
                data = self._next(size) if size else b""
            except broken() as error:
                self._error = error
                raise
        buffer[: len(data)] = data
        if self._left is not None:
            self._left -= len(data)
        return len(data)

    def close(self) -> None:
        """Close what is behind it."""
        if not self.closed:
            self._rest.close()
        super().close()


def is_packed(head: bytes) -> bool:
    """Is this the beginning of a packed file?"""
    return head.startswith((_GZIP, _ZSTD, _XZ)) or (head.startswith(_BZIP2) and head[3:4].isdigit())


def open_unpacked(path: str, start: int = 0, end: int = 0) -> IO[bytes]:
    """The file (``-`` is stdin) as a stream of unpacked bytes; from ``start`` to ``end`` of it where these are given.

    Raises ``FileError`` where it is missing or may not be read, or where the library for its packing is not installed.
    What is wrong inside a packed file shows when it is read, as one of ``broken()``.
    """
    try:
        # Closed by whoever reads it; what is behind stdin stays open, for it is not ours.
        is_stdin = path == STDIN
        stream: IO[bytes] = open(_STDIN if is_stdin else path, "rb", buffering=0, closefd=not is_stdin)  # noqa: SIM115
        if start:
            stream.seek(start)
        head = first_bytes(stream, _LONGEST_HEAD)
    except OSError as error:
        raise unreadable(path, error) from error
    whole = cast("IO[bytes]", io.BufferedReader(Rejoined(head, stream, end - start if end else None), _BLOCK))
    if start or not is_packed(head):
        return whole
    if head.startswith(_GZIP):
        import gzip

        return _raising_again(cast("IO[bytes]", gzip.GzipFile(fileobj=whole)))
    if head.startswith(_BZIP2):
        import bz2

        return _raising_again(bz2.BZ2File(whole))
    if head.startswith(_XZ):
        import lzma

        return _raising_again(lzma.LZMAFile(whole))
    return _raising_again(_zstd(path, whole, head))


def _raising_again(unpacked: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(Rejoined(b"", unpacked), _BLOCK))


def _zstd(path: str, whole: IO[bytes], head: bytes) -> IO[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise FileError(
            _("{path} is packed with zstd, which this installation cannot unpack").format(path=path),
            advice=_("Run: pip install 'deliverkit[zstd]'"),
        ) from error
    try:
        size = zstandard.get_frame_parameters(head).content_size
    except zstandard.ZstdError:
        size = 0
    # The window bounds the memory that a hostile file can ask for.
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(whole, read_across_frames=True)
    expected = size if size < zstandard.CONTENTSIZE_ERROR else 0
    return cast("IO[bytes]", io.BufferedReader(_Complete(cast("IO[bytes]", reader), expected), _BLOCK))


class _Complete(io.RawIOBase):
    """What zstd unpacks, which alone does not tell that a file ends too early: by the size that stands in its head."""

    def __init__(self, reader: IO[bytes], expected: int) -> None:
        self._reader = reader
        self._missing = expected

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """The next bytes. Raises EOFError at the end of a file that breaks off."""
        data = self._reader.read(len(buffer))
        if not data and self._missing > 0:
            raise EOFError
        self._missing -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close what is behind it."""
        if not self.closed:
            self._reader.close()
        super().close()


def broken() -> tuple[type[Exception], ...]:
    """What reading a damaged file raises."""
    import lzma
    import zlib

    kinds: list[type[Exception]] = [OSError, EOFError, zlib.error, lzma.LZMAError]
    if "zstandard" in sys.modules:
        kinds.append(sys.modules["zstandard"].ZstdError)
    return tuple(kinds)


def first_bytes(stream: IO[bytes], size: int) -> bytes:
    """The next ``size`` bytes, fewer only at the end or before damage, which the next read raises."""
    head = b""
    # No more than there is at once, for a read that goes on until it has all loses what it has when damage comes.
    read = getattr(stream, "read1", stream.read)
    try:
        while len(head) < size and (more := read(size - len(head))):
            head += more
    except broken():
        if not head:
            raise
    return head


def head_of(path: str, size: int) -> bytes:
    """The beginning of a file, unpacked. Raises as ``open_unpacked``; a damaged file gives what could be read.

    Raises ``DamagedFileError`` where that is nothing.
    """
    with open_unpacked(path) as stream:
        try:
            return first_bytes(stream, size)
        except broken() as error:
            raise DamagedFileError(
                _("{path} is packed, and damaged from its beginning").format(path=path),
                advice=_("Fetch or pack it again."),
            ) from error


def unreadable(path: str, error: OSError) -> FileError:
    """The error for a file that the system does not give."""
    why = error.strerror or str(error)
    return FileError(
        _("cannot read {path}: {why}").format(path=path, why=why),
        advice=_("Check the name and who may read it."),
    )
