"""TLSA records for SMTP: reading them, and whether a certificate is one that they name (RFC 6698, RFC 7671, RFC 7672).

Not a check: ``dane`` reads what is published, ``starttls`` compares it with what a server shows.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_RECORDS = 30
MAX_DATA = 8192
"""Bytes of data in one record; a whole certificate stands there in rare cases."""
_LENGTHS = {1: 32, 2: 64}
"""Bytes of a digest, by matching type (RFC 6698 section 2.1.3)."""


class TlsaFault(StrEnum):
    """Why senders pass a record by."""

    MALFORMED = "malformed"
    """Not three numbers and hexadecimal data, or a digest of the wrong length."""
    PKIX = "pkix"
    """Usage 0 or 1, which SMTP does not know (RFC 7672 section 3.1.3)."""
    UNKNOWN = "unknown"
    """A usage, selector or matching type that is not assigned."""


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One record."""

    text: str
    """As published, hostile until cleaned."""
    usage: int = -1
    selector: int = -1
    matching: int = -1
    data: bytes = b""
    fault: TlsaFault | None = None

    @property
    def usable(self) -> bool:
        """Senders that verify act on it."""
        return self.fault is None


def read(records: Iterable[str]) -> tuple[Tlsa, ...]:
    """TLSA records in the form of a zone file: ``3 1 1 0d6f…``."""
    return tuple(_record(text) for text in list(records)[:MAX_RECORDS])


def _record(text: str) -> Tlsa:
    words = text.split()
    numbers = words[:3]
    if len(words) < 4 or not all(w.isascii() and w.isdigit() and len(w) <= 3 for w in numbers):
        return Tlsa(text, fault=TlsaFault.MALFORMED)
    usage, selector, matching = map(int, numbers)
    try:
        data = bytes.fromhex("".join(words[3:]))
    except ValueError:
        return Tlsa(text, usage, selector, matching, fault=TlsaFault.MALFORMED)
    return Tlsa(text, usage, selector, matching, data, _fault(usage, selector, matching, data))


def _fault(usage: int, selector: int, matching: int, data: bytes) -> TlsaFault | None:
    if usage in (0, 1):
        return TlsaFault.PKIX
    if usage not in (2, 3) or selector not in (0, 1) or matching not in (0, 1, 2):
        return TlsaFault.UNKNOWN
    if not 0 < len(data) <= MAX_DATA or len(data) != _LENGTHS.get(matching, len(data)):
        return TlsaFault.MALFORMED
    return None if matching or data[0] == 0x30 else TlsaFault.MALFORMED


def matches(records: Iterable[Tlsa], chain: Sequence[bytes], names: Sequence[str], now: float) -> bool | None:
    """Whether the chain that a server shows (DER, its own certificate first) fits a usable record.

    Usage 3 (DANE-EE) names the server's own key; name and dates do not count (RFC 7671 section 5.1). Usage 2 (DANE-TA)
    names an authority in the chain, which has to vouch for a certificate of one of ``names`` that is in force
    (RFC 7671 section 5.2). None where nothing can be compared.
    """
    usable = [record for record in records if record.usable]
    if not usable or not chain:
        return None
    own = [r for r in usable if r.usage == 3 and fits(r, chain[0])]
    if own:
        return True
    anchors = [i for i, der in enumerate(chain) for r in usable if r.usage == 2 and fits(r, der)]
    if any(_vouched(chain[: i + 1], names, now) for i in anchors):
        return True
    # An anchor may be given whole in the record and left out of the chain (RFC 7671 section 5.2.2), and Python before
    # 3.13 may show the server's own certificate only: then nothing is known.
    unseen = any(r.usage == 2 and (r.matching == 0 or len(chain) == 1) for r in usable)
    return None if unseen and not anchors else False


def fits(record: Tlsa, certificate: bytes) -> bool:
    """Whether one certificate (DER) is the one that a record names (RFC 6698 section 2.1)."""
    wanted = certificate if record.selector == 0 else _public_key(certificate)
    if record.matching == 1:
        wanted = hashlib.sha256(wanted).digest()
    elif record.matching == 2:
        wanted = hashlib.sha512(wanted).digest()
    return bool(wanted) and wanted == record.data


def _public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo; empty for bytes that are no certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # whatever a parser makes of a stranger's bytes, it is no key
        return b""


def _vouched(chain: Sequence[bytes], names: Sequence[str], now: float) -> bool:
    """Each certificate signed by the next, all in force, the first one for one of the names."""
    from datetime import UTC, datetime

    from cryptography import x509

    moment = datetime.fromtimestamp(now, UTC)
    try:
        read_ones = [x509.load_der_x509_certificate(der) for der in chain]
        for lower, upper in itertools.pairwise(read_ones):
            lower.verify_directly_issued_by(upper)
        in_force = all(c.not_valid_before_utc <= moment <= c.not_valid_after_utc for c in read_ones)
        held = read_ones[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        said = [name.lower() for name in held.get_values_for_type(x509.DNSName)]
    except Exception:  # a chain that cannot be followed vouches for nobody
        return False
    return in_force and any(_is_for(pattern, name.lower()) for pattern in said for name in names)


def _is_for(pattern: str, name: str) -> bool:
    """Whether a name in a certificate is for a host; a star is one whole label (RFC 6125 section 6.4.3)."""
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])
