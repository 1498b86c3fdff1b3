"""The check ``mta-sts``: does the domain demand TLS of those who send to it, and would they still reach it? (RFC 8461)

The record says that there is a policy, the policy stands on a web server, and the MX hosts must be in it. Most domains
have none, which harms nothing; a policy that is enforced and does not fit the MX keeps mail out.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.mail_hosts import MAX_HOSTS, Mail, MailHosts, mail_hosts
from deliverkit.checks.mta_sts_policy import MAX_BYTES, SHORT, Mode, Policy, policy_id, read_policy, uncovered, unused
from deliverkit.checks.names import is_host_name
from deliverkit.checks.tagged import Tagged, meant, with_version
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.http import Fetched, FetchStatus
from deliverkit.net.resolver import Answer

VERSION = "STSv1"
_ID = re.compile(r"[A-Za-z0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class MtaStsFacts:
    """What was found, for surfaces and for proposals."""

    domain: str
    published: tuple[str, ...] = ()
    """TXT records at ``_mta-sts`` that are, or were meant to be, MTA-STS records."""
    id: str | None = None
    """``id`` of the record, where there is one valid record."""
    policy: Policy | None = None
    """The policy, where it could be fetched."""
    policy_id: str | None = None
    """The id that we would give to the policy as it stands now."""
    hosts: tuple[str, ...] = ()
    """MX hosts, most preferred first."""
    uncovered: tuple[str, ...] = ()
    """Those that the policy does not cover."""


async def run(target: Target, world: World) -> CheckResult:
    """Ask for the record and the MX, fetch the policy, and compare."""
    domain = target.domain
    if domain is None:
        return CheckResult("mta-sts", "", Outcome.NOT_APPLICABLE)
    notes = Notes("mta-sts", domain, world.knowledge)
    answer, mail = await asyncio.gather(
        world.resolver.query(f"_mta-sts.{domain}", "TXT"), mail_hosts(domain, world.resolver)
    )
    hosts = tuple(host.host for host in mail.hosts if is_host_name(host.host))
    facts = MtaStsFacts(domain, hosts=hosts)
    if answer.failed:
        notes.add("mta-sts-unanswered", answer, domain=domain, status=answer.status.value)
        return notes.result(facts)
    record = _record(notes, domain, answer)
    texts = answer.records if answer.found else ()
    ours = (*(r.text for r in with_version(texts, VERSION)), *meant(texts, VERSION))
    facts = replace(facts, published=ours, id=record.tags["id"] if record else None)
    if not ours:
        return await _without_record(notes, facts, answer, mail, world)
    fetched = await world.http.fetch(policy_url(domain), max_bytes=MAX_BYTES)
    facts = _policy(notes, facts, fetched)
    if facts.policy is not None and facts.policy.usable:
        facts = _compare(notes, facts, facts.policy, mail)
    if record and facts.policy and not _wrong(notes):
        mode = facts.policy.mode.value if facts.policy.mode else ""
        notes.add("mta-sts-ok", answer, fetched, domain=domain, mode=mode)
    return notes.result(facts)


def policy_url(domain: str) -> str:
    """Where the policy has to stand (RFC 8461 section 3.3)."""
    return f"https://mta-sts.{domain}/.well-known/mta-sts.txt"


def _record(notes: Notes, domain: str, answer: Answer) -> Tagged | None:
    """The one valid record; what is wrong with others is noted."""
    texts = answer.records if answer.found else ()
    records = with_version(texts, VERSION)
    if len(records) > 1:
        notes.add("mta-sts-record-multiple", answer, domain=domain, count=len(records))
        return None
    if not records:
        if meant(texts, VERSION):
            notes.add("mta-sts-record-invalid", answer, domain=domain)
        return None
    if not _ID.fullmatch(records[0].tags.get("id", "")):
        notes.add("mta-sts-record-id", answer, domain=domain)
        return None
    return records[0]


async def _without_record(
    notes: Notes, facts: MtaStsFacts, answer: Answer, mail: MailHosts, world: World
) -> CheckResult:
    """No record: nothing is wrong, unless a policy waits in vain for one."""
    domain = facts.domain
    if mail.mail in (Mail.NULL, Mail.NONE, Mail.NO_DOMAIN):
        notes.add("mta-sts-no-mail", *(a for a in (mail.answer,) if a), domain=domain)
        return notes.result(facts)
    there = await world.resolver.query(f"mta-sts.{domain}", "A")
    fetched = await world.http.fetch(policy_url(domain), max_bytes=MAX_BYTES) if there.found else None
    policy = read_policy(fetched.text) if fetched and fetched.ok else None
    if fetched is not None and policy is not None and policy.usable:
        notes.add("mta-sts-policy-without-record", answer, fetched, domain=domain)
        return notes.result(replace(facts, policy=policy, policy_id=policy_id(fetched.text)))
    notes.add("mta-sts-none", answer, domain=domain, hosts=_listed(facts))
    return notes.result(facts)


def _policy(notes: Notes, facts: MtaStsFacts, fetched: Fetched) -> MtaStsFacts:
    """The policy, and why there is none or none that senders can use."""
    domain, host = facts.domain, f"mta-sts.{facts.domain}"
    match fetched.status:
        case FetchStatus.SWITCHED_OFF:
            notes.add("mta-sts-policy-not-fetched", fetched, domain=domain)
        case _ if fetched.failed:
            notes.add("mta-sts-policy-unreachable", fetched, domain=domain, status=why(fetched))
        case FetchStatus.OK:
            return _read(notes, facts, fetched)
        case FetchStatus.TLS_ERROR:
            fault = fetched.tls_fault.value if fetched.tls_fault else ""
            notes.add("mta-sts-policy-certificate", fetched, domain=domain, host=host, fault=fault)
        case FetchStatus.REDIRECT:
            notes.add("mta-sts-policy-redirect", fetched, domain=domain, code=fetched.code)
        case FetchStatus.TOO_LARGE:
            notes.add("mta-sts-policy-too-large", fetched, domain=domain, limit=MAX_BYTES)
        case FetchStatus.PRIVATE_ADDRESS:
            notes.add("mta-sts-policy-private", fetched, domain=domain, host=host, address=fetched.ip)
        case _:
            notes.add("mta-sts-policy-missing", fetched, domain=domain, status=why(fetched), hosts=_listed(facts))
    return facts


def why(fetched: Fetched) -> str:
    """The word for what came of a fetch: the HTTP status where there is one."""
    return str(fetched.code) if fetched.status is FetchStatus.HTTP_ERROR else fetched.status.value


def _read(notes: Notes, facts: MtaStsFacts, fetched: Fetched) -> MtaStsFacts:
    policy = read_policy(fetched.text)
    for field in policy.faults:
        notes.add("mta-sts-policy-invalid", fetched, domain=facts.domain, field=field, hosts=_listed(facts))
    if fetched.content_type != "text/plain":
        notes.add("mta-sts-policy-type", fetched, domain=facts.domain, content_type=fetched.content_type or "-")
    return replace(facts, policy=policy, policy_id=policy_id(fetched.text))


def _compare(notes: Notes, facts: MtaStsFacts, policy: Policy, mail: MailHosts) -> MtaStsFacts:
    """The policy against the MX, and how far it goes."""
    domain = facts.domain
    proof = [mail.answer] if mail.answer is not None else []
    if policy.mode is Mode.NONE:
        notes.add("mta-sts-mode-none", domain=domain)
        return facts
    if mail.mail is Mail.UNKNOWN:
        notes.add("mta-sts-mx-unanswered", *proof, domain=domain)
        return facts
    left_out = uncovered(policy.mx, facts.hosts)
    finding = "mta-sts-mx-uncovered" if policy.mode is Mode.ENFORCE else "mta-sts-mx-uncovered-testing"
    for host in left_out[:MAX_HOSTS]:
        notes.add(finding, *proof, domain=domain, host=host, hosts=_listed(facts))
    for pattern in () if mail.cut else unused(policy.mx, facts.hosts)[:MAX_HOSTS]:
        notes.add("mta-sts-mx-unused", *proof, domain=domain, pattern=pattern, hosts=_listed(facts))
    if policy.max_age is not None and policy.max_age < SHORT:
        notes.add("mta-sts-max-age-short", domain=domain, seconds=policy.max_age, hosts=_listed(facts))
    if policy.mode is Mode.TESTING:
        notes.add("mta-sts-mode-testing", domain=domain, hosts=_listed(facts))
    return replace(facts, uncovered=left_out)


def _listed(facts: MtaStsFacts) -> str:
    """The MX hosts for a command line that writes the policy."""
    return ",".join(facts.hosts)


def _wrong(notes: Notes) -> bool:
    quiet = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    return any(notes.knowledge.findings[f.id].outcome not in quiet for f in notes.findings)
