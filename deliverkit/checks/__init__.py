"""What DNS says about a sender or a recipient: one file a check, each with one ``run``.

A check is a module with ``async def run(target: Target, world: World) -> CheckResult``.
Checks do not know each other; what two of them need (sending IPs, platforms) is asked again, and the
run's cache makes the second question free.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from deliverkit.knowledge import Knowledge
from deliverkit.model import CheckResult, Evidence, Finding, Outcome, Scalar
from deliverkit.net.http import Fetched, Fetcher, Off
from deliverkit.net.resolver import Answer, Resolver

if TYPE_CHECKING:
    from deliverkit.message.mail import Message
    from deliverkit.net.smtp import SmtpDoor

MODULES = {
    "spf": "deliverkit.checks.spf",
    "dkim": "deliverkit.checks.dkim",
    "dmarc": "deliverkit.checks.dmarc",
    "mx": "deliverkit.checks.mx",
    "ptr": "deliverkit.checks.ptr",
    "ip-blocklists": "deliverkit.checks.ip_blocklists",
    "domain-blocklists": "deliverkit.checks.domain_blocklists",
    "mta-sts": "deliverkit.checks.mta_sts",
    "tls-rpt": "deliverkit.checks.tls_rpt",
    "bimi": "deliverkit.checks.bimi",
    "dnssec": "deliverkit.checks.dnssec",
    "dane": "deliverkit.checks.dane",
    "nameservers": "deliverkit.checks.nameservers",
    "starttls": "deliverkit.checks.starttls",
    "platforms": "deliverkit.checks.platform_parts",
    "recipient-domain": "deliverkit.checks.recipient_domain",
    "message-headers": "deliverkit.checks.message_headers",
    "message-dkim": "deliverkit.checks.message_dkim",
    "message-spf": "deliverkit.checks.message_spf",
    "message-dmarc": "deliverkit.checks.message_dmarc",
    "message-arc": "deliverkit.checks.message_arc",
    "message-results": "deliverkit.checks.message_results",
    "message-unsubscribe": "deliverkit.checks.message_unsubscribe",
    "message-content": "deliverkit.checks.message_content",
    "message-links": "deliverkit.checks.message_links",
}
"""Every check by name, in the order they are shown."""

OF_A_MESSAGE = tuple(name for name in MODULES if name.startswith("message-"))
"""The checks that read a message."""

OF_NAMES = tuple(name for name in MODULES if name not in OF_A_MESSAGE)
"""All others: they ask about domains and addresses alone."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about. All names are lower-case A-labels without trailing dot."""

    domain: str | None = None
    """Author Domain: the domain in From."""
    ips: tuple[str, ...] = ()
    """Sending IPs the user named; when empty, checks that need some take them from SPF."""
    selectors: tuple[str, ...] = ()
    """DKIM selectors the user named."""
    mail_from: str | None = None
    """MAIL FROM domain (Return-Path), where it differs from the Author Domain."""
    helo: str | None = None
    recipient_domain: str | None = None
    signing_domain: str | None = None
    """``d=`` of the DKIM signature, where known."""
    message: Message | None = None
    """The message that the checks ``message-…`` are about."""


def _closed() -> SmtpDoor:
    """No connections to mail servers. Imported when a world is made: those who only explain a reply make none."""
    from deliverkit.net.smtp import NoDoor

    return NoDoor()


@dataclass(frozen=True, slots=True)
class World:
    """What a check may use: the door to the network and the knowledge."""

    resolver: Resolver
    knowledge: Knowledge
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Account keys of blocklists by their name (``spamhaus-dqs``); never shown, so not in the repr either."""
    also_lists: tuple[str, ...] = ()
    """Ids of blocklists to ask beside the default ones, such as those that know the resolver's address."""
    http: Fetcher = field(default_factory=Off)
    """The door for documents over HTTPS; switched off unless a run opens it."""
    smtp: SmtpDoor = field(default_factory=_closed)
    """The door to mail servers; closed unless a run opens it."""
    now: float = field(default_factory=time.time)
    """When the run takes place, in seconds since 1970: what is about to expire is measured by it. In a replayed
    recording it is the time of the recording."""
    beyond: bool = False
    """Whether a whole audit may ask name servers other than those of the resolver: the user named none."""
    authoritative: bool = False
    """Whether the domains' own name servers are to be asked instead of the resolver's cache; see ``run.at_owners``."""
    allow_private: bool = False
    """Whether name servers and mail servers at private, loopback and reserved addresses may be asked."""


Run = Callable[[Target, World], Awaitable[CheckResult]]


def check(name: str) -> Run:
    """The ``run`` of a check; imports its module now. Raises KeyError for a name not in ``MODULES``."""
    run: Run = import_module(MODULES[name]).run
    return run


_WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)


@dataclass(slots=True)
class Notes:
    """Collects the findings of one check; severity and outcome come from ``knowledge/findings``."""

    check: str
    subject: str
    knowledge: Knowledge
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding_id: str, *evidence: Evidence | Answer | Fetched, **args: Scalar) -> None:
        """Note a finding. Answers become evidence with their records and their ``dig`` line, documents with their
        text and their ``curl`` line.

        Raises KeyError when the id is not in the knowledge or its arguments are not those it names:
        a mistake in a check, never in its input.
        """
        spec = self.knowledge.findings[finding_id]
        if spec.check != self.check or set(args) != set(spec.args):
            raise KeyError(f"{finding_id} belongs to {spec.check} and takes {sorted(spec.args)}, got {sorted(args)}")
        proof = tuple(e if isinstance(e, Evidence) else evidence_of(e) for e in evidence)
        self.findings.append(Finding(finding_id, spec.severity, args, proof))

    def result(self, facts: object = None, *, outcome: Outcome | None = None) -> CheckResult:
        """The check's result: the worst outcome among the findings, ``pass`` when there are none.

        Fail outranks unknown: what is proven wrong stays wrong, whatever else could not be asked.
        """
        if outcome is None:
            seen = {self.knowledge.findings[f.id].outcome for f in self.findings} or {Outcome.PASS}
            outcome = next((o for o in _WORST_FIRST if o in seen), Outcome.NOT_APPLICABLE)
        return CheckResult(self.check, self.subject, outcome, tuple(self.findings), facts)


MAX_EVIDENCE = 4096
"""Characters of one answer that a finding carries: a TXT record can hold 64 KB, and one answer several of them."""


def evidence_of(seen: Answer | Fetched) -> Evidence:
    """A DNS answer as proof: its records, or the word for what it was (``nxdomain``, ``timeout``); a document as
    its text, or the word for why there is none."""
    if isinstance(seen, Fetched):
        label, command = seen.url[:500], seen.curl
        value = seen.text if seen.ok else " ".join(str(part) for part in (seen.status.value, seen.code) if part)
    else:
        label, command = f"{seen.name} {seen.rdtype}", seen.dig
        value = "\n".join(seen.records) if seen.found else seen.status.value
    if len(value) > MAX_EVIDENCE:
        value = value[: MAX_EVIDENCE - 1] + "…"
    return Evidence(label, value, command)
