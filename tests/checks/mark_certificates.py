"""Mark certificates for tests: a root, an issuer and a certificate with a logo inside, right or wrong in one way."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PURPOSE = ObjectIdentifier("1.3.6.1.5.5.7.3.31")
LOGOTYPE = ObjectIdentifier("1.3.6.1.5.5.7.1.12")
MARK_TYPE = ObjectIdentifier("1.3.6.1.4.1.53087.1.13")
LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 64 64">'
    b'<title>Shop</title><rect width="64" height="64" fill="#fff"/></svg>'
)


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def subject(name: str) -> x509.Name:
    mark = [x509.NameAttribute(MARK_TYPE, "Registered Mark")] if name == "mark" else []
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), *mark])


def certificate(name: str, issuer: str, begins: int, ends: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject(name))
        .issuer_name(subject(issuer))
        .public_key(key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=begins))
        .not_valid_after(NOW + timedelta(days=ends))
    )


@cache
def authority(name: str, issuer: str) -> bytes:
    made = certificate(name, issuer, -1000, 1000).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    made = made.add_extension(x509.ExtendedKeyUsage([PURPOSE]), False)
    return made.sign(key(issuer), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def mark(
    *,
    names: Sequence[str] = ("shop.example",),
    logo: bytes | None = LOGO,
    purpose: ObjectIdentifier = PURPOSE,
    begins: int = -100,
    ends: int = 200,
) -> bytes:
    """The certificate of the mark alone, as PEM."""
    made = certificate("mark", "issuer", begins, ends)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    made = made.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    if logo is not None:
        packed = base64.b64encode(gzip.compress(logo, mtime=0))
        value = b"\x30\x03\x02\x01\x00 data:image/svg+xml;base64," + packed
        made = made.add_extension(x509.UnrecognizedExtension(LOGOTYPE, value), False)
    return made.sign(key("issuer"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


ISSUER = authority("issuer", "root")
ROOT = authority("root", "root")


def chain(**more: object) -> bytes:
    """The whole file in its right order."""
    return mark(**more) + ISSUER + ROOT  # type: ignore[arg-type]
