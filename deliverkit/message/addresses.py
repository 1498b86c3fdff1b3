"""The addresses in From, Reply-To and their like (RFC 5322 section 3.4)."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any

from deliverkit.message.mail import Header

MAX_ADDRESSES = 100
_LOOK = 8_000
# Later Pythons give nothing at all for a field with one odd address, unless told otherwise.
_LAX: dict[str, Any] = {"strict": False} if "strict" in inspect.signature(getaddresses).parameters else {}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address with its display name, both hostile until cleaned."""

    name: str
    """Decoded."""
    address: str

    @property
    def domain(self) -> str | None:
        """What stands behind the last ``@``, lower case; None where nothing does."""
        _, at, domain = self.address.rpartition("@")
        return domain.strip().lower().removesuffix(".") or None if at else None


def mailboxes(header: Header) -> tuple[Mailbox, ...]:
    """The addresses of one field; empty for a field without any. Never raises."""
    try:
        # On the encoded text: a decoded display name may hold commas that separate nothing.
        pairs = getaddresses([header.text[:_LOOK]], **_LAX)
    except (ValueError, IndexError, UnicodeError, RecursionError):
        return ()
    found = [Mailbox(_decoded(name), address) for name, address in pairs[:MAX_ADDRESSES]]
    return tuple(box for box in found if box.address)


def _decoded(name: str) -> str:
    return Header(b"", name.encode("utf-8", "replace")).words if "=?" in name else name
