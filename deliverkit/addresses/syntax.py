"""Is it an address at all? email-validator decides (RFC 5321, 5322, 6531, IDNA 2008); plain addresses, which are nearly
all of a list, are let through by one pattern that is stricter than it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deliverkit.addresses.verdict import Reason

MAX_GIVEN = 1_000
"""Characters of a cell that can hold an address with a display name."""
_PLAIN = re.compile(
    r"(?=.{3,254}\Z)(?!.{65,}@)[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*"
    r"@(?=.{4,253}\Z)((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})\Z",
    re.IGNORECASE,
)
_A_LABEL = re.compile(r"(?:^|\.)..--", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Syntax:
    """What an address is made of, or why it is none."""

    address: str | None
    local: str = ""
    domain: str = ""
    """A-labels."""
    reasons: tuple[Reason, ...] = ()


def read_address(given: str) -> Syntax:
    """Read one cell or line. ``Name <a@b.example>``, ``mailto:`` and white space around it are forgiven."""
    text = given.strip().removeprefix("\ufeff")
    plain = _PLAIN.match(text)
    # Labels that begin like "xn--" need a closer look.
    if plain is not None and not _A_LABEL.search(plain[1]):
        local, _, domain = text.rpartition("@")
        domain = domain.lower()
        return Syntax(f"{local}@{domain}", local, domain)
    if not text:
        return Syntax(None, reasons=(Reason.EMPTY,))
    if len(text) > MAX_GIVEN:
        return Syntax(None, reasons=(Reason.SYNTAX,))
    return _validated(text[7:] if text[:7].lower() == "mailto:" else text)


def _validated(text: str) -> Syntax:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(
            text,
            strict=True,  # at most 64 characters before the @ (RFC 5321 section 4.5.3.1.1)
            check_deliverability=False,
            globally_deliverable=False,
            allow_quoted_local=True,
            allow_display_name=True,
        )
    except EmailNotValidError:
        return Syntax(None, reasons=(Reason.SYNTAX,))
    except (ValueError, UnicodeError, IndexError, RecursionError):
        return Syntax(None, reasons=(Reason.SYNTAX,))
    domain = found.ascii_domain.lower()
    if "." not in domain or domain.rpartition(".")[2].isdigit():
        return Syntax(None, reasons=(Reason.DOMAIN_SYNTAX,))
    reasons = (
        *((Reason.NEEDS_SMTPUTF8,) if not found.local_part.isascii() else ()),
        *((Reason.QUOTED,) if found.local_part.startswith('"') else ()),
    )
    return Syntax(found.normalized, found.local_part, domain, reasons)


_DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def mailbox_key(local: str, domain: str) -> str:
    """The same for addresses that end up in one mailbox: a plus tag is cut off, and Gmail passes over dots."""
    local = local.lower().partition("+")[0] or local.lower()
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"
