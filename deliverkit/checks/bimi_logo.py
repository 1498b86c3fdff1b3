"""Is a logo one that mailbox providers may show? (SVG Tiny PS, draft-svg-tiny-ps-abrotman; BIMI draft section 5)

The file is a stranger's XML. It is read with expat, which gets at most ``MAX_PARSED`` bytes; declarations of
entities are refused before anything could be expanded, and nothing outside the file is ever looked at.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_BYTES = 32 * 1024
"""Of a logo: what the SVG Tiny PS draft and the providers allow."""
MAX_PARSED = 256 * 1024
"""Bytes that are fetched and read, so that the size of a logo that is too large can be told."""
MAX_DEPTH = 200
MAX_NAMED = 10
"""Elements and references that are named; a logo has few kinds of faults."""
MAX_TITLE = 64

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_MOVES = ("animate", "animateColor", "animateMotion", "animateTransform", "set", "mpath", "discard", "animation")
_ACTS = ("script", "handler", "listener", "a", "prefetch")
_EMBEDS = ("image", "foreignObject", "foreignImage", "video", "audio", "iframe", "embed", "object", "filter", "style")
_FORBIDDEN = frozenset((*_MOVES, *_ACTS, *_EMBEDS))
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_URL = re.compile(r"url\(\s*['\"]?\s*(?!#)([^)'\"\s]*)", re.IGNORECASE)
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Logo:
    """What was seen in a logo. Empty fields are good news."""

    size: int
    """Bytes, unpacked."""
    packed: bool = False
    """It was sent gzip-compressed (.svgz)."""
    broken: str = ""
    """Why it is no XML with an ``svg`` at its root; then nothing else is known."""
    entities: bool = False
    """It declares entities, or has a document type with content of its own."""
    version: str = ""
    profile: str = ""
    """``baseProfile``."""
    title: str = ""
    view_box: tuple[float, ...] = ()
    """Four numbers, or none."""
    width: str = ""
    height: str = ""
    placed: bool = False
    """``x`` or ``y`` stand on the root."""
    forbidden: tuple[str, ...] = ()
    """Names of elements, and of attributes that run scripts, which the profile does not allow."""
    external: tuple[str, ...] = ()
    """References that lead out of the file."""

    @property
    def square(self) -> bool | None:
        """Whether it is as wide as high; None where it does not say."""
        if len(self.view_box) == 4:
            return self.view_box[2] == self.view_box[3] > 0
        return self.width == self.height if self.width and self.height else None


def read_logo(data: bytes) -> Logo:
    """Look at a logo, plain or gzip-compressed. Never raises for what it holds."""
    packed = data.startswith(_GZIP)
    if packed:
        unpacked = unpack(data, MAX_PARSED)
        if unpacked is None:
            return Logo(len(data), packed=True, broken="not gzip, or larger than it may be")
        data = unpacked
    logo = Logo(len(data), packed=packed)
    reader = _Reader(logo)
    try:
        reader.read(data[: MAX_PARSED + 1])
    except _EntityError:
        logo.entities = True
    except (expat.ExpatError, _NotLogoError, ValueError) as error:
        logo.broken = str(error)[:200] or "not XML"
    logo.title = " ".join("".join(reader.title).split())
    logo.forbidden, logo.external = tuple(reader.forbidden), tuple(reader.external)
    return logo


def unpack(data: bytes, limit: int) -> bytes | None:
    """What gzip packed, at most ``limit`` bytes; None for more and for what is no gzip."""
    inflate = zlib.decompressobj(wbits=31)
    try:
        unpacked = inflate.decompress(data, limit)
    except zlib.error:
        return None
    return unpacked if inflate.eof else None


class _EntityError(Exception):
    """An entity is declared."""


class _NotLogoError(Exception):
    """Well-formed, yet no SVG that is worth reading."""


@dataclass(slots=True)
class _Reader:
    logo: Logo
    path: list[str] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    forbidden: dict[str, None] = field(default_factory=dict)
    external: dict[str, None] = field(default_factory=dict)

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(data, True)

    def _entity(self, *_: object) -> int:
        raise _EntityError

    def _instruction(self, target: str, _: str) -> None:
        # <?xml-stylesheet href="…"?> fetches a file.
        self._note(self.forbidden, f"?{target}")

    def _start(self, full: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full.rpartition(" ")
        if not self.path:
            if name != "svg" or namespace not in ("", _SVG):
                raise _NotLogoError(f"the root is '{name[:40]}', not svg")
            self._root(attributes)
        if len(self.path) >= MAX_DEPTH:
            raise _NotLogoError("nested too deep")
        self.path.append(name)
        if name in _FORBIDDEN and namespace in ("", _SVG):
            self._note(self.forbidden, name)
        for key, value in attributes.items():
            self._attribute(key, value)

    def _root(self, attributes: dict[str, str]) -> None:
        logo = self.logo
        logo.version = attributes.get("version", "")[:40]
        logo.profile = attributes.get("baseProfile", "")[:40]
        logo.width, logo.height = attributes.get("width", "").strip()[:40], attributes.get("height", "").strip()[:40]
        logo.placed = "x" in attributes or "y" in attributes
        parts = re.split(r"[\s,]+", attributes.get("viewBox", "").strip()[:200])
        logo.view_box = tuple(map(float, parts)) if len(parts) == 4 and all(map(_NUMBER.fullmatch, parts)) else ()

    def _attribute(self, key: str, value: str) -> None:
        namespace, _, name = key.rpartition(" ")
        if not namespace and name.startswith("on"):
            self._note(self.forbidden, name)
        if name in ("href", "src") and namespace in ("", _XLINK) and not value.strip().startswith("#"):
            self._note(self.external, value.strip())
        for target in _URL.findall(value):
            self._note(self.external, target)

    def _end(self, _: str) -> None:
        self.path.pop()

    def _text(self, data: str) -> None:
        if self.path == ["svg", "title"] and len(self.title) < MAX_DEPTH:
            self.title.append(data[:MAX_BYTES])

    def _note(self, into: dict[str, None], what: str) -> None:
        if len(into) < MAX_NAMED:
            into[what[:200]] = None
