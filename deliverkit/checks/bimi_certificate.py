"""Is a mark certificate one that mailbox providers accept? (BIMI draft section 7, VMC requirements, RFC 3709/9399)

Read with ``cryptography``. The roots of mark certificates are not those of web browsers and are not shipped here, so
the chain is followed within the file only: who stands at its end is for the receiver to trust.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from deliverkit.checks.bimi_logo import MAX_PARSED, unpack

if TYPE_CHECKING:
    from cryptography import x509

MAX_BYTES = 128 * 1024
"""Of a certificate file: one holds the logo itself and two or three further certificates."""
MAX_CERTIFICATES = 8

_PURPOSE = "1.3.6.1.5.5.7.3.31"
"""Extended key usage id-kp-BrandIndicatorforMessageIdentification."""
_LOGOTYPE = "1.3.6.1.5.5.7.1.12"
_MARK_TYPE = "1.3.6.1.4.1.53087.1.13"
_EMBEDDED = re.compile(rb"data:image/svg\+xml(?:;[\w=-]+)*;base64,([A-Za-z0-9+/]+=*)")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.{1,100000}?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was seen in a certificate file."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names of the certificate, lower case."""
    not_before: datetime
    not_after: datetime
    mark_type: str | None
    """What kind of mark it vouches for, where it says so: ``Registered Mark``, ``Prior Use Mark``, …"""
    purpose: bool
    """Its extended key usage allows brand indicators."""
    logotype: bool
    """It carries the logo."""
    logo: bytes | None
    """The logo it carries, unpacked, where that could be read."""
    count: int
    """Certificates in the file."""
    ordered: bool
    """The certificate of the mark stands first and each is signed by the next."""
    whole: bool
    """There is an issuer for every certificate but the last, in whatever order."""

    def stands_for(self, domain: str, organizational: str | None, selector: str) -> bool:
        """Whether a name of it is the domain, its organizational domain, or the BIMI name of either."""
        wanted = {name for name in (domain, organizational) if name}
        wanted |= {f"{selector}._bimi.{name}" for name in wanted}
        return bool(wanted.intersection(self.names))


def read_mark(data: bytes) -> Mark | None:
    """Read a PEM file; None when it holds no certificate that can be read."""
    from cryptography import x509

    blocks = _PEM.findall(data)[:MAX_CERTIFICATES]
    try:
        chain = [x509.load_pem_x509_certificate(block) for block in blocks]
        leaf = next((c for c in chain if _purposes(c)), None) or next((c for c in chain if not _is_authority(c)), None)
        leaf = leaf or (chain[0] if chain else None)
        return _mark(leaf, chain) if leaf is not None else None
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _mark(leaf: x509.Certificate, chain: Sequence[x509.Certificate]) -> Mark:
    from cryptography.x509.oid import ObjectIdentifier

    types = leaf.subject.get_attributes_for_oid(ObjectIdentifier(_MARK_TYPE))
    extension = _extension(leaf, _LOGOTYPE)
    others = [c for c in chain if c != leaf]
    following = list(pairwise(chain))
    return Mark(
        subject=leaf.subject.rfc4514_string()[:500],
        issuer=leaf.issuer.rfc4514_string()[:500],
        names=_names(leaf),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        mark_type=str(types[0].value)[:100] if types else None,
        purpose=_PURPOSE in _purposes(leaf),
        logotype=extension is not None,
        logo=_embedded(extension) if extension else None,
        count=len(chain),
        ordered=chain[0] == leaf and all(_signed(one, other) for one, other in following),
        whole=len(chain) > 1
        and all(any(_signed(c, o) for o in others if o != c) for c in chain if not _ends(c, chain)),
    )


def _ends(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> bool:
    """Whether the chain in the file may end here: an authority that has signed another one of it."""
    signs = any(_signed(other, certificate) for other in chain if other != certificate)
    return _is_authority(certificate) and signs


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _purposes(certificate: x509.Certificate) -> tuple[str, ...]:
    """The extended key usages of a certificate that is no authority's; those of mark authorities have it too."""
    from cryptography import x509

    if _is_authority(certificate):
        return ()
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(oid.dotted_string for oid in usage)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))[:100]


def _extension(certificate: x509.Certificate, oid: str) -> bytes | None:
    """The value of an extension that the library does not take apart."""
    from cryptography import x509

    for extension in certificate.extensions:
        if extension.oid.dotted_string == oid:
            value = extension.value
            return value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    return None


def _embedded(extension: bytes) -> bytes | None:
    """The logo in the logotype extension: a ``data:`` address with gzip inside (RFC 6170)."""
    found = _EMBEDDED.search(extension)
    if found is None:
        return None
    try:
        data = base64.b64decode(found[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    return unpack(data, MAX_PARSED) if data.startswith(b"\x1f\x8b") else data
