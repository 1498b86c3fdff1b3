"""Whether the recipient's domain can take mail at all (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.mail_hosts import Mail, MailHosts, mail_hosts
from deliverkit.checks.platforms import fits
from deliverkit.checks.typos import nearest
from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import Knowledge
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.resolver import Answer, Resolver, Status

_TAKES_MAIL = (Mail.HOSTS, Mail.IMPLICIT)
_DEAD = (Mail.NO_DOMAIN, Mail.NULL, Mail.NONE)


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """What was seen."""

    hosts: MailHosts
    provider: str | None = None
    """Whose MX hosts they are, by id, where we know them."""
    suggestion: str | None = None
    """The domain that was probably meant."""
    control: Answer | None = None
    """What the parent domain said, asked where the domain itself ended in SERVFAIL."""


async def run(target: Target, world: World) -> CheckResult:
    """Check the recipient's domain."""
    domain = target.recipient_domain
    notes = Notes("recipient-domain", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    found = await mail_hosts(domain, world.resolver)
    control = await _note(notes, found, world.resolver)
    suggestion = nearest(domain, world.knowledge.mailbox_domains) if found.mail in _DEAD else None
    if suggestion is not None:
        notes.add("recipient-domain-typo", *_proof(found), recipient_domain=domain, suggestion=suggestion)
    provider = provider_of(found, world.knowledge)
    return notes.result(RecipientFacts(found, provider, suggestion, control))


def provider_of(found: MailHosts, knowledge: Knowledge) -> str | None:
    """The provider whose pattern fits the most preferred MX host that any fits; the longest pattern wins."""
    try:
        providers = knowledge.providers.values()
    except KnowledgeError:
        # Naming the provider is a courtesy: without its table the check still does its work.
        return None
    for host in found.hosts if found.mail is Mail.HOSTS else ():
        fitting = [(len(pattern), p.id) for p in providers for pattern in p.mx if fits(host.host, pattern)]
        if fitting:
            return max(fitting, key=lambda fit: fit[0])[1]
    return None


async def _note(notes: Notes, found: MailHosts, resolver: Resolver) -> Answer | None:
    """The findings about where mail goes; gives the control question's answer where one was asked."""
    domain, proof = found.domain, _proof(found)
    match found.mail:
        case Mail.UNKNOWN:
            return await _note_failure(notes, found, resolver)
        case Mail.NO_DOMAIN:
            notes.add("recipient-domain-nxdomain", *proof, recipient_domain=domain)
        case Mail.NULL:
            notes.add("recipient-domain-null-mx", *proof, recipient_domain=domain)
        case Mail.NONE:
            notes.add("recipient-domain-no-mx", *proof, recipient_domain=domain)
        case Mail.IMPLICIT:
            notes.add("recipient-domain-address-fallback", *proof, recipient_domain=domain)
    if found.mail in _TAKES_MAIL:
        _note_hosts(notes, found)
    return None


def _note_hosts(notes: Notes, found: MailHosts) -> None:
    """One finding for the hosts together: enough of them, some missing, all missing, or not known."""
    domain, proof = found.domain, _proof(found)
    unusable = [host for host in found.hosts if not host.reachable and not host.failed]
    answers = [answer for host in found.hosts for answer in host.answers if not host.reachable]
    first = next((host.host for host in (*unusable, *found.undecided)), "")
    if found.usable:
        if unusable:
            notes.add("recipient-domain-host-unusable", *answers, recipient_domain=domain, host=first)
    elif found.undecided or found.cut:
        notes.add("recipient-domain-hosts-unanswered", *proof, *answers, recipient_domain=domain, host=first)
    else:
        count = len(found.hosts)
        notes.add("recipient-domain-hosts-unusable", *proof, *answers, recipient_domain=domain, count=count, host=first)


async def _note_failure(notes: Notes, found: MailHosts, resolver: Resolver) -> Answer | None:
    """SERVFAIL says that the domain's name servers are at fault, unless our resolver fails for its parent as well."""
    domain = found.domain
    failed = next(answer for answer in _proof(found) if answer.failed)
    if failed.status is not Status.SERVFAIL:
        notes.add("recipient-domain-unanswered", failed, recipient_domain=domain, status=failed.status.value)
        return None
    control = await resolver.query(domain.partition(".")[2] or ".", "NS")
    if control.status in (Status.SERVFAIL, Status.TIMEOUT):
        notes.add("recipient-domain-unanswered", failed, control, recipient_domain=domain, status=failed.status.value)
    else:
        notes.add("recipient-domain-servfail", failed, control, recipient_domain=domain)
    return control


def _proof(found: MailHosts) -> tuple[Answer, ...]:
    return (*([found.answer] if found.answer is not None else []), *found.address_answers)
