"""Which causes the checks prove, leave open or refute, for one verdict. Nothing is said surer than it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deliverkit.checks import Target
from deliverkit.knowledge import Knowledge
from deliverkit.model import Cause, CheckResult, Finding, Outcome, Proof, RuleEvidence, Verdict

PROVES = (Outcome.FAIL, Outcome.WARN)
NEVER_PROVEN = ("reputation", "rate_limit", "rejected", "blocked.ip_banned", "blocked.sender_blocked", "unknown")
"""Categories and reasons that a receiver decides by what nobody outside can see: a finding weighs, it does not prove.
A listed link (``rejected.url_listed``) is the exception."""
REFUTED_BY: Mapping[str, tuple[str, ...]] = {
    "dmarc.policy": ("spf", "dkim", "dmarc"),
    "dmarc.spf_fail": ("spf",),
    "dmarc.unauthenticated": ("spf", "dkim"),
    "dmarc.no_record": ("dmarc",),
    "blocked.ip_listed": ("ip-blocklists",),
    "blocked.domain_listed": ("domain-blocklists",),
    "invalid_address.unknown_domain": ("recipient-domain",),
    "invalid_address.no_mx": ("recipient-domain",),
    "recipient_error.dns_temporary": ("recipient-domain",),
    "sender_setup.no_ptr": ("ptr",),
    "sender_setup.bad_helo": ("ptr",),
    "sender_setup.sender_invalid": ("mx",),
}
"""Reasons that DNS can refute, and the checks that have to pass for it. All others stay open however well the checks
went: a healthy domain says nothing about a mailbox, a filter, a provider's own list or a broken signature."""
_NEEDS_IP = ("spf", "ptr")
_SMALL_LISTS = ("blocklist-ip-listed-small", "blocklist-ip-backscatter", "blocklist-domain-listed-small")


def rank(
    verdict: Verdict,
    results: Sequence[CheckResult],
    target: Target,
    knowledge: Knowledge,
    evidence: RuleEvidence | None = None,
) -> tuple[Cause, ...]:
    """Causes, best proven first: proven > consistent > contradicted.

    A finding proves a reason when ``findings/*.toml`` says that it explains it and it speaks of the IP and the
    blocklist that the reply names. The verdict is contradicted only when DNS can refute it (``REFUTED_BY``), what
    the reply names was asked about, and all that was asked passed. Faults of another category than the verdict's are
    no causes of this refusal; they stay with their checks.
    """
    if not results:
        return (Cause(verdict.reason, Proof.CONSISTENT),)
    said = _Said(evidence, knowledge)
    failing = [f for r in results for f in r.findings if knowledge.findings[f.id].outcome in PROVES]
    explaining = [f for f in failing if verdict.reason in knowledge.findings[f.id].explains and said.fits(f)]
    if explaining:
        proof = Proof.PROVEN if _can_prove(verdict.reason, explaining, said) else Proof.CONSISTENT
    else:
        proof = Proof.CONTRADICTED if _refuted(verdict.reason, results, target, said) else Proof.CONSISTENT
    main = Cause(verdict.reason, proof, tuple(explaining))
    others: dict[str, list[Finding]] = {}
    for finding in failing:
        if finding not in explaining and (reason := _nearest(finding, verdict, knowledge)):
            others.setdefault(reason, []).append(finding)
    causes = [main]
    for reason, found in others.items():
        fitting = all(said.fits(f) for f in found)
        proven = fitting and reason != verdict.reason and _can_prove(reason, found, said)
        causes.append(Cause(reason, Proof.PROVEN if proven else Proof.CONSISTENT, tuple(found)))
    order = list(Proof)
    causes.sort(key=lambda c: (order.index(c.proof), c is not main, c.reason.partition(".")[0] != verdict.category))
    return tuple(causes)


class _Said:
    """What the reply names: the refused IP, the domain, and the blocklists."""

    def __init__(self, evidence: RuleEvidence | None, knowledge: Knowledge) -> None:
        groups = evidence.groups if evidence else {}
        self.ip = groups.get("ip") or None
        self.domain = (groups.get("domain") or "").lower().rstrip(".") or None
        self.list = groups.get("list") or None
        self.lists = lists_meant(evidence, knowledge) if evidence else ()
        """Ids of the lists that are meant; empty where none is named or the one named is not known to us."""
        self._names = {knowledge.blocklists[name].name for name in self.lists}

    @property
    def names_list(self) -> bool:
        return bool(self.list or self.lists)

    def fits(self, finding: Finding) -> bool:
        """Whether a finding speaks of what the reply names."""
        from deliverkit.checks.names import is_ip, same_ip

        ip = finding.args.get("ip")
        if self.ip and ip and is_ip(self.ip) and not same_ip(self.ip, str(ip)):
            return False
        listed = finding.id.startswith("blocklist-") and finding.args.get("list")
        return not (listed and self.names_list and listed not in self._names)


def lists_named(evidence: RuleEvidence, knowledge: Knowledge) -> tuple[str, ...]:
    """Ids of the blocklists whose zone the reply names, so that they are asked whether or not they are by default."""
    words = f"{evidence.matched} {evidence.groups.get('list', '')}".lower()
    return tuple(b.id for b in knowledge.blocklists.values() if b.zone and b.zone in words)


def lists_meant(evidence: RuleEvidence, knowledge: Knowledge) -> tuple[str, ...]:
    """Ids of the blocklists that the reply means: by their zone, a zone of the same family, or their name."""
    named = evidence.groups.get("list", "").lower().strip(" .")
    if not named:
        return lists_named(evidence, knowledge)
    if "." in named:
        fits = [b.id for b in knowledge.blocklists.values() if _same_family(named, b.zone)]
    else:
        fits = [b.id for b in knowledge.blocklists.values() if _words(named) & _words(f"{b.name} {b.operator}")]
    return tuple(dict.fromkeys((*lists_named(evidence, knowledge), *fits)))


def _same_family(one: str, other: str) -> bool:
    """Zones of one operator: ``sbl.spamhaus.org`` is part of ``zen.spamhaus.org``."""
    return bool(other) and one.split(".")[-2:] == other.split(".")[-2:]


def _words(text: str) -> set[str]:
    """The telling words of a name: those that no other list bears too."""
    common = {"reputation", "blocklist", "blacklist", "list", "the", "project", "dnsbl", "rbl", "bl", "public", "spam"}
    return {w for w in "".join(c if c.isalnum() else " " for c in text.lower()).split() if len(w) > 2} - common


def _nearest(finding: Finding, verdict: Verdict, knowledge: Knowledge) -> str | None:
    """The reason that the finding explains: of the verdict's category, or of one that was close."""
    near = [verdict.category, *(other.reason.partition(".")[0] for other in verdict.also_possible)]
    explains = knowledge.findings[finding.id].explains
    return next((reason for category in near for reason in explains if reason.startswith(category + ".")), None)


def _can_prove(reason: str, findings: Sequence[Finding], said: _Said) -> bool:
    """Small lists prove nothing unless the reply names them: few receivers ask them."""
    if reason.startswith(NEVER_PROVEN) and reason != "rejected.url_listed":
        return False
    return said.names_list or any(finding.id not in _SMALL_LISTS for finding in findings)


def _refuted(reason: str, results: Sequence[CheckResult], target: Target, said: _Said) -> bool:
    needed = REFUTED_BY.get(reason, ())
    outcomes = {result.check: result.outcome for result in results}
    if reason == "dmarc.alignment":
        return any(f.id == "dmarc-aligned" for r in results for f in r.findings)
    if reason.startswith("blocked."):
        # Whatever other lists say: the one that the reply means decides.
        return _says_not_listed([result for result in results if result.check in needed], said)
    if not needed or not all(outcomes.get(name) is Outcome.PASS for name in needed):
        return False
    if not target.ips and any(name in _NEEDS_IP for name in needed):
        return False
    if reason.startswith("dmarc.") and said.domain not in (None, target.domain, target.mail_from):
        return False
    return reason != "sender_setup.bad_helo" or target.helo is not None


def _says_not_listed(results: Sequence[CheckResult], said: _Said) -> bool:
    """The lists that the reply means were asked about every subject, and none of them lists one."""
    subjects = [subject for r in results for subject in getattr(r.facts, "subjects", ())]
    if (
        said.ip
        and any(r.check == "ip-blocklists" for r in results)
        and said.ip not in {subject.subject for subject in subjects}
    ):
        return False
    rows = [row for subject in subjects for row in subject.rows if row.list in said.lists]
    answered = [row for row in rows if row.state.value != "not_asked"]
    return bool(answered) and all(row.state.value == "not_listed" for row in answered)
