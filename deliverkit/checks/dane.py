"""The check ``dane``: do the mail hosts publish TLSA records that senders can rely on? (RFC 7672, RFC 6698)

TLSA counts only where DNSSEC proves it: the records, the address of the host, and the MX that names it. That is told by
the AD bit of a validating resolver. Whether a host shows the certificate that is named is for ``starttls`` to see.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.mail_hosts import Mail, MailHost, MailHosts, mail_hosts
from deliverkit.checks.tlsa import Tlsa, TlsaFault, read
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer, Resolver


@dataclass(frozen=True, slots=True)
class HostTlsa:
    """What one mail host publishes."""

    host: str
    answer: Answer
    records: tuple[Tlsa, ...] = ()
    signed: bool = False
    """DNSSEC proves the records and the addresses of the host."""

    @property
    def usable(self) -> tuple[Tlsa, ...]:
        """The records that senders act on, whether or not they are proven."""
        return tuple(record for record in self.records if record.usable)


@dataclass(frozen=True, slots=True)
class DaneFacts:
    """What was seen."""

    domain: str
    hosts: tuple[HostTlsa, ...] = ()
    mx_signed: bool = False
    """DNSSEC proves the MX records."""


async def run(target: Target, world: World) -> CheckResult:
    """Check the mail hosts of the Author Domain: one question a host beside those of ``mx``."""
    domain = target.domain
    notes = Notes("dane", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    mail = await mail_hosts(domain, world.resolver)
    if mail.mail is Mail.UNKNOWN:
        failed = next(a for a in (mail.answer, *mail.address_answers) if a is not None and a.failed)
        notes.add("dane-unanswered", failed, host=domain, status=failed.status.value)
        return notes.result(DaneFacts(domain))
    hosts = [host for host in mail.hosts if not host.literal]
    if mail.mail not in (Mail.HOSTS, Mail.IMPLICIT) or not hosts:
        return notes.result(DaneFacts(domain), outcome=Outcome.NOT_APPLICABLE)
    asked = await asyncio.gather(*(host_tlsa(host, world.resolver) for host in hosts))
    facts = DaneFacts(domain, tuple(asked), bool(mail.answer and mail.answer.authenticated))
    await _note(notes, facts, mail, world.resolver)
    return notes.result(facts)


async def host_tlsa(host: MailHost, resolver: Resolver) -> HostTlsa:
    """The TLSA records for port 25 of a host (RFC 7672 section 2.2.3)."""
    answer = await resolver.query(f"_25._tcp.{host.host}", "TLSA")
    proven = answer.authenticated and any(a.found and a.authenticated for a in host.answers)
    return HostTlsa(host.host, answer, read(answer.records) if answer.found else (), proven)


async def _note(notes: Notes, facts: DaneFacts, mail: MailHosts, resolver: Resolver) -> None:
    for seen in facts.hosts:
        if seen.answer.failed:
            notes.add("dane-unanswered", seen.answer, host=seen.host, status=seen.answer.status.value)
        _note_records(notes, seen)
    published = [seen for seen in facts.hosts if seen.records]
    if not published:
        if not notes.findings:
            notes.add("dane-absent", *(seen.answer for seen in facts.hosts[:3]), domain=facts.domain)
        return
    for seen in (s for s in facts.hosts if not s.records and s.answer.absent):
        notes.add("dane-host-missing", seen.answer, domain=facts.domain, host=seen.host)
    protected = [seen for seen in published if seen.signed and seen.usable]
    unproven = [seen for seen in published if not seen.signed]
    if unproven and not await _validates(facts, resolver):
        notes.add("dane-not-validated", *(s.answer for s in unproven[:3]), domain=facts.domain)
        return
    for seen in unproven:
        notes.add("dane-host-not-signed", seen.answer, host=seen.host)
    if protected and not facts.mx_signed and mail.answer is not None:
        notes.add("dane-mx-not-signed", mail.answer, domain=facts.domain, host=protected[0].host)
    if protected and len(protected) == len(facts.hosts) and not notes.findings:
        notes.add("dane-valid", *(s.answer for s in protected), domain=facts.domain, count=len(protected))


def _note_records(notes: Notes, seen: HostTlsa) -> None:
    for record in seen.records:
        match record.fault:
            case TlsaFault.PKIX:
                notes.add("dane-usage-pkix", seen.answer, host=seen.host, usage=record.usage)
            case TlsaFault.MALFORMED | TlsaFault.UNKNOWN:
                notes.add("dane-record-malformed", seen.answer, host=seen.host, record=record.text[:200])
    if seen.records and not seen.usable:
        notes.add("dane-none-usable", seen.answer, host=seen.host)


async def _validates(facts: DaneFacts, resolver: Resolver) -> bool:
    """Whether the resolver validates: it proved something here, or the root or the top level, which are signed."""
    if facts.mx_signed or any(seen.answer.authenticated or seen.signed for seen in facts.hosts):
        return True
    tops = (".", facts.domain.rpartition(".")[2])
    return any(a.authenticated for a in await asyncio.gather(*(resolver.query(top, "SOA") for top in tops)))
