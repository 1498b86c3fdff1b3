"""SPF (RFC 7208): the record of the MAIL FROM domain, its tree, and what it says of each sending IP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.spf_ask import Questions
from deliverkit.checks.spf_eval import SpfEvaluation, check_host
from deliverkit.checks.spf_findings import Findings, denies_all, look_alikes, proof
from deliverkit.checks.spf_record import select
from deliverkit.checks.spf_tree import NodeState, SpfTree, spf_tree
from deliverkit.model import CheckResult, Evidence, Outcome
from deliverkit.net.resolver import Answer, Status

MAX_IPS = 16
"""IPs that are evaluated in one run."""
MAX_QUESTIONS = 240
"""Of the tree (60 at most) and all evaluations together."""


@dataclass(frozen=True, slots=True)
class SpfFacts:
    """What the check saw."""

    domain: str
    """The MAIL FROM domain, or the Author Domain where none was named."""
    record: str | None
    """The one SPF record; None where there is none, more than one, or no answer."""
    records: tuple[str, ...]
    """All SPF records found; several are an error."""
    look_alikes: tuple[str, ...]
    """TXT records that were meant to be SPF and are none."""
    tree: SpfTree
    lookups: int
    """DNS look-ups of the whole tree; at least that many when ``tree.cut``."""
    void_lookups: int
    ends_with: str | None
    """Qualifier of the ``all`` that takes effect (``-``, ``~``, ``?``, ``+``); None without one or if unknown."""
    evaluations: tuple[SpfEvaluation, ...]
    """One for each IP."""
    asked: bool
    """DNS said what is there, or that nothing is. False: nothing was learned."""

    @property
    def dead_terms(self) -> tuple[str, ...]:
        """Terms of the domain's own record that DNS says lead nowhere, as written: to be taken out together."""
        root = self.tree.root
        hosts = [host.term for host in root.hosts if host.void]
        return (*hosts, *(child.via for child in root.children if child.state is NodeState.MISSING))


async def run(target: Target, world: World) -> CheckResult:
    """Check SPF of ``target.mail_from``, else ``target.domain``, and evaluate it for each of ``target.ips``.

    The tree and the evaluations run side by side on shared answers, so that the slowest chain of includes is
    what the check takes. ``facts`` are ``SpfFacts``; None (``not_applicable``) where no domain is known.
    """
    domain = target.mail_from or target.domain
    notes = Notes("spf", domain or "", world.knowledge)
    if not domain:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    questions = Questions(world.resolver, MAX_QUESTIONS)
    ips = target.ips[:MAX_IPS]
    sender, helo = f"postmaster@{domain}", target.helo or domain
    tree, evaluations = await asyncio.gather(
        spf_tree(domain, questions),
        asyncio.gather(*(check_host(ip, domain, sender, helo, questions, explain=True) for ip in ips)),
    )
    facts = _facts(domain, tree, tuple(evaluations))
    findings = Findings(notes)
    await _presence(facts, findings, questions)
    findings.tree(tree)
    if facts.record and denies_all(facts.record):
        said_to_send = bool(target.ips or target.mail_from or target.selectors or target.signing_domain)
        findings.add("spf-denies-all" if said_to_send else "spf-sends-nothing", proof(tree.root), domain=domain)
    if facts.asked:
        for evaluation in evaluations:
            findings.evaluation(evaluation)
    if len(target.ips) > MAX_IPS:
        findings.add("spf-ips-not-evaluated", count=len(target.ips), limit=MAX_IPS)
    _conclude(facts, findings)
    return notes.result(facts)


def _facts(domain: str, tree: SpfTree, evaluations: tuple[SpfEvaluation, ...]) -> SpfFacts:
    root = tree.root
    return SpfFacts(
        domain=domain,
        record=root.record,
        records=root.records,
        look_alikes=() if root.records else look_alikes(tree.txt),
        tree=tree,
        lookups=root.total_lookups,
        void_lookups=root.total_void_lookups,
        ends_with=tree.ends_with.value if tree.ends_with else None,
        evaluations=evaluations,
        asked=root.state is not NodeState.UNREACHABLE,
    )


async def _presence(facts: SpfFacts, findings: Findings, questions: Questions) -> None:
    """Is there one record? If there is none, look where people put it by mistake."""
    root, domain = facts.tree.root, facts.domain
    if root.state is NodeState.UNREACHABLE:
        status = root.status.value if root.status else ""
        findings.add("spf-not-checked", proof(root), domain=domain, question=f"{domain} TXT", status=status)
    elif root.state is NodeState.MULTIPLE:
        findings.add("spf-multiple-records", proof(root), domain=domain, count=len(root.records))
    elif root.state is NodeState.MISSING and root.status is Status.NXDOMAIN:
        findings.add("spf-domain-not-found", proof(root), domain=domain)
    elif root.state is NodeState.MISSING and facts.look_alikes:
        for text in facts.look_alikes:
            evidence = Evidence(f"{domain} TXT", text, root.dig or None)
            findings.add("spf-malformed-version", evidence, domain=domain, found=text)
    elif root.state is NodeState.MISSING:
        findings.add("spf-missing", proof(root), domain=domain)
        await _elsewhere(domain, findings, questions)


async def _elsewhere(domain: str, findings: Findings, questions: Questions) -> None:
    """A record below ``_spf``, under a doubled name, or of the old type. What is not answered proves nothing."""
    old, *others = await asyncio.gather(
        questions.query(domain, "SPF"),
        *(questions.query(name, "TXT") for name in (f"_spf.{domain}", f"{domain}.{domain}")),
    )
    if _holds_spf(old):
        findings.add("spf-type-99", old, domain=domain)
    for answer in others:
        if _holds_spf(answer):
            findings.add("spf-record-misplaced", answer, domain=domain, name=answer.name)


def _holds_spf(answer: Answer) -> bool:
    # A type that a resolver does not join like TXT comes in quotation marks.
    return answer.found and bool(select([record.replace('" "', "").strip('"') for record in answer.records]))


def _conclude(facts: SpfFacts, findings: Findings) -> None:
    """Say that all is well where nothing else was said."""
    specs = findings.notes.knowledge.findings
    quiet = all(specs[finding.id].outcome is Outcome.PASS for finding in findings.notes.findings)
    if facts.record and quiet:
        findings.add("spf-ok", proof(facts.tree.root), domain=facts.domain, lookups=facts.lookups)
