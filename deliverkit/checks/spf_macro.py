"""SPF macros (RFC 7208 section 7): parsing ``%{ir}.%{v}`` into parts, and expanding the parts.

Pure: the one macro that needs DNS, ``p``, is handed in already validated.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_EXPAND = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_\-]))")
_LETTERS = frozenset("slodiphvcrt")
_EXPLANATION_ONLY = frozenset("crt")
_FIXED = {"%": "%", "_": " ", "-": "%20"}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_MANY_PARTS = 128
"""No domain has more labels; section 7.3 asks for 127 at least."""
MAX_NAME = 253
"""Octets of a domain name in text (RFC 1035 section 3.1, without the final dot)."""
_NO_IP = ipaddress.IPv4Address(0)


class MacroError(ValueError):
    """A ``%`` that begins no macro, a letter that is none, or one that only explanations may use."""


@dataclass(frozen=True, slots=True)
class Macro:
    """One ``%{…}``."""

    letter: str
    """Lower case: one of ``slodiphvcrt``."""
    digits: int | None
    """How many parts to keep, from the right; None for all."""
    reverse: bool
    delimiters: str
    """Characters that split; empty means the dot."""
    escape: bool
    """Written in upper case: the value is URL-escaped (section 7.3)."""


@dataclass(frozen=True, slots=True)
class MacroString:
    """Text with macros, as written and in parts."""

    text: str
    parts: tuple[str | Macro, ...]

    @property
    def letters(self) -> frozenset[str]:
        """The macro letters it uses."""
        return frozenset(part.letter for part in self.parts if isinstance(part, Macro))


@dataclass(frozen=True, slots=True)
class MacroContext:
    """What the macros stand for during one evaluation."""

    ip: IpAddress
    sender: str
    """``local@domain``; ``postmaster@`` has been put in front of a bare domain (section 4.3)."""
    domain: str
    """The domain whose record is evaluated now."""
    helo: str
    validated: str = "unknown"
    """Value of ``p``."""
    receiver: str = "unknown"
    timestamp: int = 0

    def value(self, letter: str) -> str:
        """What a macro letter stands for, before transformers."""
        local, _, sender_domain = self.sender.rpartition("@")
        values = {
            "s": self.sender,
            "l": local,
            "o": sender_domain,
            "d": self.domain,
            "h": self.helo,
            "p": self.validated,
            "r": self.receiver,
            "t": str(self.timestamp),
            "c": str(self.ip),
            "v": "in-addr" if self.ip.version == 4 else "ip6",
            "i": str(self.ip) if self.ip.version == 4 else ".".join(self.ip.exploded.replace(":", "").upper()),
        }
        return values[letter]


def parse_macros(text: str, *, explanation: bool = False) -> MacroString:
    """Split text into literals and macros. Raises MacroError.

    ``explanation`` allows the letters c, r and t (section 7.2).
    """
    if "%" not in text:
        return MacroString(text, (text,) if text else ())
    parts: list[str | Macro] = []
    at = 0
    while at < len(text):
        percent = text.find("%", at)
        if percent != at:
            parts.append(text[at : percent if percent >= 0 else None])
            at = percent if percent >= 0 else len(text)
            continue
        match = _EXPAND.match(text, at)
        if match is None:
            raise MacroError(text[at : at + 12])
        parts.append(_FIXED[match[5]] if match[5] else _macro(match, explanation=explanation))
        at = match.end()
    return MacroString(text, tuple(parts))


def ends_in_macro(text: str) -> bool:
    """The text ends with a macro-expand, which may stand for the top label (section 7.1, domain-end)."""
    # Matches do not overlap, so that "%%{d}" is a percent sign and text, not a macro.
    return max((match.end() for match in _EXPAND.finditer(text)), default=-1) == len(text)


def expand(macros: MacroString, context: MacroContext) -> str:
    """The text with every macro replaced (section 7.3)."""
    return "".join(part if isinstance(part, str) else _expanded(part, context) for part in macros.parts)


def expand_name(macros: MacroString, context: MacroContext) -> str:
    """A domain name: expanded, lower case, without final dot, cut on the left to 253 octets (section 7.3)."""
    name = expand(macros, context).lower().removesuffix(".")
    while len(name) > MAX_NAME and "." in name:
        name = name.partition(".")[2]
    return name


def known_name(spec: MacroString | None, domain: str, origin: str) -> str | None:
    """The name a domain-spec stands for whatever the message: ``domain`` where it is left out, None where it
    depends on IP, HELO or local part, or is no DNS name. ``origin`` is the MAIL FROM domain (``o``)."""
    if spec is None:
        return domain
    if spec.letters - {"d", "o"}:
        return None
    name = expand_name(spec, MacroContext(_NO_IP, f"postmaster@{origin}", domain, origin))
    return name if askable(name) else None


def askable(name: str) -> bool:
    """A DNS question can be made of it: ASCII, labels of 1 to 63 octets, 253 in all (RFC 1035 section 2.3.4).

    A name that is not is treated as one that does not exist; RFC 7208 section 4.8 leaves it open. A backslash
    would be an escape to whoever asks the question.
    """
    plain = name.isascii() and "\\" not in name and len(name) <= MAX_NAME
    return plain and all(0 < len(label) <= 63 for label in name.split("."))


def _macro(match: re.Match[str], *, explanation: bool) -> Macro:
    letter = match[1].lower()
    if letter not in _LETTERS or (letter in _EXPLANATION_ONLY and not explanation):
        raise MacroError(match[0])
    digits = None
    if match[2]:
        # A thousand digits are legal; int() of them is not free.
        stripped = match[2].lstrip("0")
        if not stripped:
            raise MacroError(match[0])
        digits = _MANY_PARTS if len(stripped) > 3 else int(stripped)
    return Macro(letter, digits, bool(match[3]), match[4], match[1].isupper())


def _expanded(macro: Macro, context: MacroContext) -> str:
    value = context.value(macro.letter)
    if macro.digits is not None or macro.reverse or macro.delimiters:
        pieces = re.split(f"[{re.escape(macro.delimiters or '.')}]", value)
        if macro.reverse:
            pieces.reverse()
        if macro.digits is not None:
            pieces = pieces[-macro.digits :]
        value = ".".join(pieces)
    if macro.escape:
        octets = value.encode("utf-8", "surrogatepass")
        value = "".join(chr(o) if o in _UNRESERVED else f"%{o:02X}" for o in octets)
    return value
