"""The check ``starttls``: do the mail hosts offer TLS, and with which certificate? (RFC 3207, RFC 7672, RFC 8461)

It connects to mail servers, so it runs only when it is named. Senders take any certificate unless MTA-STS or DANE says
otherwise; what does not matter today is told as such. A host that cannot be reached from here is unknown: port 25 is
blocked on the way out of most networks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.dane import HostTlsa, host_tlsa
from deliverkit.checks.mail_hosts import Mail, MailHost, mail_hosts
from deliverkit.checks.tlsa import matches
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.smtp import CertificateFault, SmtpSession, Visit

MAX_HOSTS = 5
"""Mail hosts that are visited, most preferred first."""
OLD = ("SSLv3", "TLSv1", "TLSv1.1")
"""Versions of TLS that are out of use (RFC 8996)."""
_FAULTS = {
    CertificateFault.EXPIRED: "starttls-certificate-expired",
    CertificateFault.NOT_YET_VALID: "starttls-certificate-expired",
    CertificateFault.WRONG_NAME: "starttls-certificate-wrong-name",
    CertificateFault.SELF_SIGNED: "starttls-certificate-untrusted",
    CertificateFault.UNTRUSTED: "starttls-certificate-untrusted",
}


@dataclass(frozen=True, slots=True)
class HostTls:
    """What one host showed."""

    host: str
    status: Visit
    tls_version: str = ""
    cipher: str = ""
    fault: CertificateFault | None = None
    fits_tlsa: bool | None = None
    """The certificate is the one that proven TLSA records name; None where there are none, or nothing to compare."""


@dataclass(frozen=True, slots=True)
class StarttlsFacts:
    """What was seen."""

    domain: str
    hosts: tuple[HostTls, ...] = ()
    not_visited: tuple[str, ...] = ()
    """Hosts beyond the first ``MAX_HOSTS``."""
    mta_sts: bool | None = None
    """The domain announces MTA-STS; None where that could not be asked."""


async def run(target: Target, world: World) -> CheckResult:
    """Visit the mail hosts of the Author Domain."""
    domain = target.domain
    notes = Notes("starttls", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    mail, announced = await asyncio.gather(
        mail_hosts(domain, world.resolver), world.resolver.query(f"_mta-sts.{domain}", "TXT")
    )
    if mail.mail is Mail.UNKNOWN:
        notes.add("starttls-unanswered", *([mail.answer] if mail.answer else []), domain=domain)
        return notes.result(StarttlsFacts(domain))
    hosts = [host for host in mail.hosts if not host.literal]
    if mail.mail not in (Mail.HOSTS, Mail.IMPLICIT) or not hosts:
        return notes.result(StarttlsFacts(domain), outcome=Outcome.NOT_APPLICABLE)
    first = hosts[:MAX_HOSTS]
    seen = await asyncio.gather(*(_look(host, world) for host in first))
    sts = None if announced.failed else any(text.lower().startswith("v=stsv1") for text in announced.records)
    facts = [_note(notes, session, tlsa, domain, bool(sts), world.now) for session, tlsa in seen]
    rest = tuple(host.host for host in hosts[MAX_HOSTS:])
    return notes.result(StarttlsFacts(domain, tuple(facts), rest, sts))


async def _look(host: MailHost, world: World) -> tuple[SmtpSession, HostTlsa]:
    session, tlsa = await asyncio.gather(world.smtp.visit(host.host), host_tlsa(host, world.resolver))
    return session, tlsa


def _note(notes: Notes, seen: SmtpSession, tlsa: HostTlsa, domain: str, sts: bool, now: float) -> HostTls:
    host, proof = seen.host, _evidence(seen)
    # A certificate that a proven record names needs no authority (RFC 7672 section 3.1.1).
    wanted = tlsa.usable if tlsa.signed else ()
    fitting = matches(wanted, seen.chain, (host, domain), now) if seen.secured else None
    match seen.status:
        case Visit.TLS:
            _note_tls(notes, seen, tlsa, domain, sts=sts, fitting=fitting)
        case Visit.NO_STARTTLS:
            notes.add("starttls-missing", proof, domain=domain, host=host)
        case Visit.TLS_FAILED:
            notes.add("starttls-failed", proof, domain=domain, host=host)
        case Visit.SWITCHED_OFF | Visit.NOT_RECORDED:
            notes.add("starttls-not-looked", proof, host=host)
        case Visit.PRIVATE_ADDRESS:
            notes.add("starttls-private", proof, host=host, address=seen.address)
        case Visit.REFUSED:
            notes.add("starttls-refused", proof, host=host, code=seen.code)
        case Visit.NOT_SMTP:
            notes.add("starttls-no-smtp", proof, host=host)
        case _:
            notes.add("starttls-unreachable", proof, host=host)
    if wanted and seen.status in (Visit.NO_STARTTLS, Visit.TLS_FAILED):
        notes.add("starttls-dane-broken", proof, tlsa.answer, domain=domain, host=host)
    return HostTls(host, seen.status, seen.tls_version, seen.cipher, seen.fault, fitting)


def _note_tls(notes: Notes, seen: SmtpSession, tlsa: HostTlsa, domain: str, *, sts: bool, fitting: bool | None) -> None:
    host, proof = seen.host, _evidence(seen)
    if seen.tls_version in OLD:
        notes.add("starttls-old-tls", proof, domain=domain, host=host, version=seen.tls_version)
    if fitting is False:
        notes.add("starttls-dane-mismatch", proof, tlsa.answer, domain=domain, host=host)
    if seen.fault is None or fitting:
        notes.add("starttls-dane-match" if fitting else "starttls-valid", proof, host=host, version=seen.tls_version)
    if seen.fault is not None:
        if sts:
            notes.add("starttls-mta-sts-broken", proof, domain=domain, host=host)
        if sts or not fitting:
            notes.add(_FAULTS[seen.fault], proof, domain=domain, host=host)


def _evidence(seen: SmtpSession) -> Evidence:
    """What the host showed, in one line, and the command that looks at the same."""
    parts = (seen.status.value, str(seen.code or ""), seen.greeting, seen.tls_version, seen.fault or "", seen.detail)
    return Evidence(f"{seen.host}:25", " · ".join(part[:300] for part in parts if part), seen.openssl)
