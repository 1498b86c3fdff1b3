"""Whether a sending domain can take mail back: bounces, replies and complaints (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.mail_hosts import MAX_HOSTS, Mail, MailHost, MailHosts, mail_hosts
from deliverkit.checks.names import reaches
from deliverkit.checks.platforms import by_mx
from deliverkit.checks.spf_proposal import shuts_out_all
from deliverkit.checks.spf_record import select
from deliverkit.model import CheckResult, Outcome


@dataclass(frozen=True, slots=True)
class MxFacts:
    """What was seen."""

    domains: tuple[MailHosts, ...]
    """The Author Domain, and the MAIL FROM domain where it differs."""
    platforms: tuple[str, ...] = ()
    """Platforms that run the MX hosts, by id."""


async def run(target: Target, world: World) -> CheckResult:
    """Check the MX of the Author Domain, and of the MAIL FROM domain where it differs."""
    domains = list(dict.fromkeys(name for name in (target.domain, target.mail_from) if name))
    notes = Notes("mx", domains[0] if domains else "", world.knowledge)
    if not domains:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    found = await asyncio.gather(*(mail_hosts(domain, world.resolver) for domain in domains))
    for hosts in found:
        sends = bool(target.ips) or hosts.domain == target.mail_from
        if hosts.mail is not Mail.NULL or sends or not await _parked(notes, hosts, world):
            _note(notes, hosts)
    named = [host.host for hosts in found if hosts.mail is Mail.HOSTS for host in hosts.hosts]
    platforms = tuple(dict.fromkeys(match.id for match in by_mx(named, world.knowledge.platforms)))
    return notes.result(MxFacts(tuple(found), platforms))


async def _parked(notes: Notes, found: MailHosts, world: World) -> bool:
    """Whether a domain with a null MX sends no mail either, by the word of its own SPF record: then the null MX is
    right (RFC 7505 section 4.2). Nobody named a sender of it; a domain that is used as one cannot be parked."""
    txt = await world.resolver.query(found.domain, "TXT")
    proof = [found.answer] if found.answer is not None else []
    if txt.failed:
        notes.add("mx-unanswered", *proof, txt, domain=found.domain, status=txt.status.value)
        return True
    records = select(list(txt.records))
    if len(records) != 1 or not shuts_out_all(records[0]):
        return False
    notes.add("mx-null-parked", *proof, txt, domain=found.domain)
    return True


def _note(notes: Notes, found: MailHosts) -> None:
    domain, answer = found.domain, found.answer
    proof = [answer] if answer is not None else []
    match found.mail:
        case Mail.UNKNOWN:
            failed = next(a for a in (*proof, *found.address_answers) if a.failed)
            notes.add("mx-unanswered", failed, domain=domain, status=failed.status.value)
        case Mail.NO_DOMAIN:
            notes.add("mx-no-domain", *proof, domain=domain)
        case Mail.NULL:
            notes.add("mx-null", *proof, domain=domain)
        case Mail.NONE:
            notes.add("mx-missing", *proof, *found.address_answers, domain=domain)
        case Mail.IMPLICIT:
            notes.add("mx-address-fallback", *proof, *found.address_answers, domain=domain)
    if found.null_mixed:
        notes.add("mx-null-mixed", *proof, domain=domain, host=found.hosts[0].host)
    for name in found.duplicates[:MAX_HOSTS]:
        notes.add("mx-duplicate", *proof, domain=domain, host=name)
    if found.cut:
        notes.add("mx-too-many", *proof, domain=domain, count=found.total, limit=MAX_HOSTS)
    if found.hosts and not found.usable and not found.undecided and not found.cut:
        count, first = len(found.hosts), found.hosts[0].host
        notes.add("mx-none-usable", *proof, domain=domain, count=count, host=first)
    for host in found.hosts:
        _note_host(notes, domain, host)


def _note_host(notes: Notes, domain: str, host: MailHost) -> None:
    if host.literal:
        notes.add("mx-host-literal", domain=domain, host=host.host)
    elif host.missing:
        notes.add("mx-host-unresolvable", *host.answers, domain=domain, host=host.host)
    elif host.failed:
        notes.add("mx-host-unanswered", *host.answers, domain=domain, host=host.host)
    if host.cname and host.host != domain:
        notes.add("mx-host-alias", *host.answers, domain=domain, host=host.host, target=host.cname[-1])
    hidden = next((ip for ip in host.addresses if not reaches(ip)), None)
    if hidden is not None:
        notes.add("mx-host-private", *host.answers, domain=domain, host=host.host, address=hidden)
