"""The check ``tls-rpt``: who is told when others cannot deliver to the domain over TLS (RFC 8460)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from urllib.parse import unquote

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.mail_hosts import Mail, mail_hosts
from deliverkit.checks.names import is_host_name
from deliverkit.checks.tagged import Tagged, meant, with_version
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer

VERSION = "TLSRPTv1"
MAX_URIS = 5
"""Report addresses that are looked at; a record needs one."""


@dataclass(frozen=True, slots=True)
class TlsRptFacts:
    """What was found, for surfaces and for proposals."""

    domain: str
    published: tuple[str, ...] = ()
    """TXT records at ``_smtp._tls`` that are, or were meant to be, such records."""
    uris: tuple[str, ...] = ()
    """Report addresses of the record that counts."""
    usable: tuple[str, ...] = ()
    """Those of them that are well-formed."""


async def run(target: Target, world: World) -> CheckResult:
    """Ask for the record and look at the addresses it names."""
    domain = target.domain
    if domain is None:
        return CheckResult("tls-rpt", "", Outcome.NOT_APPLICABLE)
    notes = Notes("tls-rpt", domain, world.knowledge)
    answer = await world.resolver.query(f"_smtp._tls.{domain}", "TXT")
    facts = TlsRptFacts(domain)
    if answer.failed:
        notes.add("tls-rpt-unanswered", answer, domain=domain, status=answer.status.value)
        return notes.result(facts)
    texts = answer.records if answer.found else ()
    records, others = with_version(texts, VERSION), meant(texts, VERSION)
    facts = replace(facts, published=(*(record.text for record in records), *others))
    if not records:
        notes.add("tls-rpt-invalid" if others else "tls-rpt-none", answer, domain=domain)
    elif len(records) > 1:
        notes.add("tls-rpt-multiple", answer, domain=domain, count=len(records))
    else:
        facts = await _addresses(notes, facts, records[0], answer, world)
    return notes.result(facts)


async def _addresses(notes: Notes, facts: TlsRptFacts, record: Tagged, answer: Answer, world: World) -> TlsRptFacts:
    uris = tuple(uri.strip() for uri in record.tags.get("rua", "").split(",") if uri.strip())
    if not uris:
        notes.add("tls-rpt-no-address", answer, domain=facts.domain)
        return facts
    usable = tuple(uri for uri in uris if is_report_uri(uri))
    for uri in [uri for uri in uris if uri not in usable][:MAX_URIS]:
        notes.add("tls-rpt-address-invalid", answer, domain=facts.domain, uri=uri[:200])
    domains = dict.fromkeys(name for uri in usable[:MAX_URIS] if (name := mail_domain(uri)))
    for name, found in zip(
        domains, await asyncio.gather(*(mail_hosts(d, world.resolver) for d in domains)), strict=True
    ):
        if found.mail is Mail.UNKNOWN:
            notes.add("tls-rpt-address-unanswered", *_asked(found.answer), domain=facts.domain, target=name)
        elif found.mail not in (Mail.HOSTS, Mail.IMPLICIT):
            notes.add("tls-rpt-address-no-mail", *_asked(found.answer), domain=facts.domain, target=name)
    if not notes.findings:
        notes.add("tls-rpt-ok", answer, domain=facts.domain, count=len(usable))
    return replace(facts, uris=uris, usable=usable)


def _asked(answer: Answer | None) -> tuple[Answer, ...]:
    return () if answer is None else (answer,)


def is_report_uri(uri: str) -> bool:
    """Whether reports can be sent there: ``mailto:`` with an address, ``https://`` with a host (RFC 8460 section 3)."""
    if uri.startswith("https://"):
        return is_host_name(uri.removeprefix("https://").partition("/")[0].partition(":")[0].lower())
    return mail_domain(uri) is not None


def mail_domain(uri: str) -> str | None:
    """The domain of a ``mailto:`` address; None for everything else."""
    if uri[:7].lower() != "mailto:":
        return None
    local, at, domain = unquote(uri[7:].partition("?")[0]).rpartition("@")
    domain = domain.lower()
    return domain if local and at and " " not in local and is_host_name(domain) else None
