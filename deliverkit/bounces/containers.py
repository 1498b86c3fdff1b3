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


class Rejoined(io.RawIOBase):
    """A stream whose beginning was read already, from its beginning; ends after ``limit`` bytes if one is given."""

    def __init__(self, head: bytes, rest: IO[bytes], limit: int | None = None) -> None:
        self._head = head
        self._rest = rest
        self._left = limit

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """What was read already, then the rest."""
        size = len(buffer) if self._left is None else min(len(buffer), self._left)
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        else:
            data = self._rest.read(size) if size else b""
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
        head = first_bytes(stream, 6)
    except OSError as error:
        raise unreadable(path, error) from error
    whole = cast("IO[bytes]", io.BufferedReader(Rejoined(head, stream, end - start if end else None), _BLOCK))
    if start or not is_packed(head):
        return whole
    if head.startswith(_GZIP):
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=whole))
    if head.startswith(_BZIP2):
        import bz2

        return bz2.BZ2File(whole)
    if head.startswith(_XZ):
        import lzma

        return lzma.LZMAFile(whole)
    return _zstd(path, whole)


def _zstd(path: str, whole: IO[bytes]) -> IO[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise FileError(
            _("{path} is packed with zstd, which this installation cannot unpack").format(path=path),
            advice=_("Run: pip install 'deliverkit[zstd]'"),
        ) from error
    # The window bounds the memory that a hostile file can ask for.
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(whole, read_across_frames=True)
    return cast("IO[bytes]", io.BufferedReader(reader, _BLOCK))


def broken() -> tuple[type[Exception], ...]:
    """What reading a damaged file raises."""
    import lzma
    import zlib

    kinds: list[type[Exception]] = [OSError, EOFError, zlib.error, lzma.LZMAError]
    if "zstandard" in sys.modules:
        kinds.append(sys.modules["zstandard"].ZstdError)
    return tuple(kinds)


def first_bytes(stream: IO[bytes], size: int) -> bytes:
    """The next ``size`` bytes, fewer only at the end."""
    head = b""
    while len(head) < size and (more := stream.read(size - len(head))):
        head += more
    return head


def head_of(path: str, size: int) -> bytes:
    """The beginning of a file, unpacked. Raises as ``open_unpacked``; a damaged file gives what could be read."""
    with open_unpacked(path) as stream:
        try:
            return first_bytes(stream, size)
        except broken():
            return b""


def unreadable(path: str, error: OSError) -> FileError:
    """The error for a file that the system does not give."""
    why = error.strerror or str(error)
    return FileError(
        _("cannot read {path}: {why}").format(path=path, why=why),
        advice=_("Check the name and who may read it."),
    )
