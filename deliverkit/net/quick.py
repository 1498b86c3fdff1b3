"""Reads the plain kinds of answer, nearly all there are, in a fifth of the time that a general parser takes.

What is out of the ordinary in any way (CNAMEs, signatures, other types, odd names, extended errors, anything that does
not add up) is left to dnspython: ``quick`` says None, never anything else than ``packets.read`` would without it.
A test holds the two together.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable

import dns.ipv6

from deliverkit.net.resolver import Status

_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
_A, _NS, _CNAME, _SOA, _PTR, _MX, _TXT, _AAAA, _OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41
_IN = 1
_AA, _AD = 0x0400, 0x0020
_ODD = 0x7840  # the opcode, and the bit that must be zero
_MOST = 64
"""Records in one answer."""
_LARGEST = 4096
"""Bytes."""
_PLAIN = re.compile(rb"[a-z0-9_-]+")

Quick = tuple[Status, tuple[str, ...], int | None, bool]
"""Status, records, TTL, and whether the AD bit is set."""


class _OddError(Exception):
    """Not for us."""


def quick(asked: bytes, data: bytes) -> Quick | None:
    """What a packet says that answers the question section ``asked``; None where it takes more care to tell."""
    try:
        return _read(asked, data)
    except (_OddError, struct.error, IndexError):
        return None


def _read(asked: bytes, data: bytes) -> Quick | None:
    _id, flags, questions, answers, authority, additional = _HEADER.unpack_from(data)
    rcode = flags & 15
    if questions != 1 or rcode not in (0, 3) or flags & _ODD or len(data) > _LARGEST:
        return None
    if answers > _MOST or authority > _MOST or additional > _MOST or (answers and rcode):
        return None
    packet = _Packet(data, 12 + len(asked))
    name = asked[:-4].lower()
    wanted = int.from_bytes(asked[-4:-2], "big")
    records, ttl = packet.answers(answers, name, wanted)
    denied = packet.authority(authority, name)
    packet.additional(additional)
    proven = bool(flags & _AD)
    if records:
        return Status.NOERROR, records, ttl, proven
    if rcode:
        return Status.NXDOMAIN, (), denied, proven
    return None if denied is None else (Status.NODATA, (), denied, proven)


class _Packet:
    """A place in a packet, going forward."""

    __slots__ = ("at", "data", "names")

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self.names: dict[int, bytes] = {}

    def name(self, at: int) -> tuple[bytes, int]:
        """The name at a place, lower case, as bytes without compression, and where it ends."""
        data, labels, size, first, end = self.data, [], 0, at, 0
        while length := data[at]:
            if length >= 0xC0:
                pointer = (length & 0x3F) << 8 | data[at + 1]
                end = end or at + 2
                if pointer >= first:
                    raise _OddError
                first = at = pointer
                if known := self.names.get(pointer):
                    labels.append(known[:-1])
                    size += len(known) - 1
                    break
                continue
            if length > 63:
                raise _OddError
            label = data[at : at + 1 + length].lower()
            if len(label) != length + 1 or not _PLAIN.fullmatch(label, 1):
                raise _OddError
            labels.append(label)
            size += length + 1
            at += length + 1
        if size > 254:
            raise _OddError
        return b"".join(labels) + b"\x00", end or at + 1

    def record(self) -> tuple[bytes, int, int, int]:
        """Owner, type, TTL and the length of the data, which follows."""
        at = self.at
        owner, self.at = self.name(at)
        if self.data[at] < 0xC0:
            self.names[at] = owner
        else:
            self.names[(self.data[at] & 0x3F) << 8 | self.data[at + 1]] = owner
        rdtype, rdclass, ttl, length = _FIXED.unpack_from(self.data, self.at)
        self.at += 10
        if (rdclass != _IN and rdtype != _OPT) or self.at + length > len(self.data):
            raise _OddError
        if ttl >= 1 << 31 and rdtype != _OPT:
            raise _OddError
        return owner, rdtype, ttl, length

    def answers(self, count: int, name: bytes, wanted: int) -> tuple[tuple[str, ...], int | None]:
        found: list[str] = []
        least: int | None = None
        read = _TEXTS.get(wanted)
        for _ in range(count):
            owner, rdtype, ttl, length = self.record()
            if rdtype != wanted or owner != name or read is None:
                raise _OddError
            found.append(read(self, self.at, length))
            self.at += length
            least = ttl if least is None or ttl < least else least
        if len(found) > 1 and len(set(found)) != len(found):
            raise _OddError
        return tuple(found), least

    def authority(self, count: int, name: bytes) -> int | None:
        denied: int | None = None
        soa = 0
        for _ in range(count):
            owner, rdtype, ttl, length = self.record()
            end = self.at + length
            if rdtype == _SOA:
                soa += 1
                _, at = self.name(self.at)
                _, at = self.name(at)
                if at + 20 != end or soa > 1:
                    raise _OddError
                (minimum,) = struct.unpack_from("!I", self.data, at + 16)
                if _is_below(name, owner):
                    denied = min(ttl, minimum)
            elif rdtype != _NS or self.name(self.at)[1] != end:
                raise _OddError
            self.at = end
        return denied

    def additional(self, count: int) -> None:
        options = 0
        for _ in range(count):
            owner, rdtype, ttl, length = self.record()
            if rdtype == _OPT:
                # Extended errors stand in its data, and the upper bits of the rcode in its TTL.
                options += 1
                if owner != b"\x00" or length or ttl >> 16 or options > 1:
                    raise _OddError
            elif (rdtype, length) not in ((_A, 4), (_AAAA, 16)):
                raise _OddError
            self.at += length


def _is_below(name: bytes, zone: bytes) -> bool:
    """Whether ``name`` is ``zone`` or below it, both as bytes."""
    while len(name) > len(zone):
        name = name[name[0] + 1 :]
    return name == zone


def _text(name: bytes) -> str:
    if name == b"\x00":
        return "."
    labels, at = [], 0
    while length := name[at]:
        labels.append(name[at + 1 : at + 1 + length])
        at += length + 1
    return b".".join(labels).decode("ascii")


def _a(packet: _Packet, at: int, length: int) -> str:
    if length != 4:
        raise _OddError
    return socket.inet_ntoa(packet.data[at : at + 4])


def _aaaa(packet: _Packet, at: int, length: int) -> str:
    if length != 16:
        raise _OddError
    return dns.ipv6.inet_ntoa(packet.data[at : at + 16])


def _target(packet: _Packet, at: int, length: int) -> str:
    name, end = packet.name(at)
    if end != at + length:
        raise _OddError
    return _text(name)


def _mx(packet: _Packet, at: int, length: int) -> str:
    (preference,) = struct.unpack_from("!H", packet.data, at)
    return f"{preference} {_target(packet, at + 2, length - 2)}"


def _txt(packet: _Packet, at: int, length: int) -> str:
    end, parts = at + length, []
    if not length:
        raise _OddError
    while at < end:
        size = packet.data[at]
        parts.append(packet.data[at + 1 : at + 1 + size])
        at += size + 1
    if at != end:
        raise _OddError
    return b"".join(parts).decode("utf-8", "backslashreplace")


_TEXTS: dict[int, Callable[[_Packet, int, int], str]] = {
    _A: _a,
    _AAAA: _aaaa,
    _NS: _target,
    _PTR: _target,
    _MX: _mx,
    _TXT: _txt,
}

_NUMBERS = {"A": _A, "AAAA": _AAAA, "MX": _MX, "NS": _NS, "PTR": _PTR, "TXT": _TXT}
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}", re.ASCII)


def section(name: str, rdtype: str) -> bytes | None:
    """The question section of a plain question; None where the name or the type is not one of the usual ones."""
    number = _NUMBERS.get(rdtype)
    if number is None or not _HOST.fullmatch(name):
        return None
    labels = b"".join(len(label).to_bytes(1, "big") + label for label in name.encode("ascii").split(b"."))
    return labels + b"\x00" + number.to_bytes(2, "big") + b"\x00\x01"
