"""From an SPF tree and its evaluations to findings. Pure: nothing is asked here."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from deliverkit.checks import Notes, evidence_of
from deliverkit.checks.spf_eval import MAX_LOOKUPS, MAX_VOID_LOOKUPS, SpfEvaluation, SpfResult
from deliverkit.checks.spf_record import Mechanism, Modifier, Qualifier, SpfRecord, read
from deliverkit.checks.spf_tree import NodeState, SpfNode, SpfTree, final, too_many_mail_hosts
from deliverkit.model import Evidence, Scalar
from deliverkit.net.resolver import Answer

NEAR_LIMIT = 9
"""Look-ups from which one more include of a platform breaks the record."""
MAX_SAME = 5
"""Findings of one id; the tree in the facts holds them all."""
MAX_SHOWN = 200
"""Characters of a term in an argument, which becomes part of a sentence."""
MAX_EVIDENCE = 2048
"""Characters of a record as evidence."""
LONG_RECORD = 450
"""Octets up to which an answer surely fits a plain UDP packet (RFC 7208 section 3.4)."""
LARGE_ANSWER = 1200
"""Octets of all TXT records that still fit the packet size resolvers ask for today (1,232 with headers)."""
WIDE = {4: 15, 6: 31}
"""Prefix lengths, by IP version, up to which a network is wider than one sender has any use for."""

_PRIVATE = tuple(
    ipaddress.ip_network(n)
    for n in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
)
_MECHANISM_NAMES = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_JOINED = re.compile(r"[^+\-~?](?:(?:include|ip4|ip6|exists|ptr|mx):|redirect=|exp=|[+\-~?]all$)", re.IGNORECASE)
_NEAR_VERSION = re.compile(
    r"[\s\"'“”]*(?:spf\s*=\s*)?(?:v\s*[=:]\s*spf[\s-]?v?\d?|spf\s?1(?=[\s:;+\-~?]))", re.IGNORECASE
)


def look_alikes(txt: tuple[str, ...]) -> tuple[str, ...]:
    """TXT records that were meant to be SPF and are none: ``spf1 …``, ``v=spf1;``, a space or quote in front.

    Sender ID (``spf2.0/…``) is another thing and not meant.
    """
    return tuple(t for t in txt if _NEAR_VERSION.match(t) and not re.match(r"v=spf1(?: |$)", t, re.IGNORECASE))


def shown(text: str) -> str:
    """A term short enough for a sentence."""
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


class Findings:
    """Adds to ``Notes``, no more than ``MAX_SAME`` of one id and none twice."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._count: Counter[str] = Counter()
        self._seen: set[tuple[str, tuple[tuple[str, Scalar], ...]]] = set()

    def add(self, finding_id: str, *evidence: Evidence | Answer, **args: Scalar) -> None:
        """As ``Notes.add``."""
        args = {name: shown(value) if isinstance(value, str) else value for name, value in args.items()}
        key = (finding_id, tuple(sorted(args.items())))
        if key not in self._seen and self._count[finding_id] < MAX_SAME:
            self._seen.add(key)
            self._count[finding_id] += 1
            self.notes.add(finding_id, *(_bounded(e) for e in evidence), **args)

    def tree(self, tree: SpfTree) -> None:
        """What is wrong with the tree as a whole and with each node."""
        root = tree.root
        for node in root.walk():
            self.node(node, root)
        if tree.cut:
            self.add("spf-tree-cut", proof(root), domain=root.domain, lookups=root.total_lookups)
        if root.record is None:
            return
        self.limits(root)
        self.ending(tree)
        self.own_record(root)
        octets = sum(len(text.encode("utf-8", "replace")) for text in tree.txt) + len(root.domain)
        if octets > LARGE_ANSWER:
            self.add("spf-answer-too-large", proof(root), domain=root.domain, octets=octets, limit=LARGE_ANSWER)

    def limits(self, root: SpfNode) -> None:
        """Section 4.6.4."""
        lookups, voids = root.total_lookups, root.total_void_lookups
        if lookups > MAX_LOOKUPS:
            self.add("spf-too-many-lookups", proof(root), domain=root.domain, lookups=lookups, limit=MAX_LOOKUPS)
        elif lookups >= NEAR_LIMIT:
            self.add("spf-many-lookups", proof(root), domain=root.domain, lookups=lookups, limit=MAX_LOOKUPS)
        if voids > MAX_VOID_LOOKUPS:
            self.add("spf-too-many-void-lookups", proof(root), domain=root.domain, voids=voids, limit=MAX_VOID_LOOKUPS)

    def node(self, node: SpfNode, root: SpfNode) -> None:
        """What one record of the tree says for itself."""
        here: dict[str, Scalar] = {"domain": root.domain, "record_domain": node.domain}
        for child in node.children:
            self.branch(node, child, here)
        for host in node.hosts:
            evidence = Evidence(f"{host.name} {host.term}", ", ".join(s.value for s in host.statuses), host.dig)
            if host.void:
                self.add("spf-void-lookup", evidence, **here, term=host.term, name=host.name)
            elif host.unanswered:
                self.add("spf-host-unreachable", evidence, **here, term=host.term, name=host.name)
            if too_many_mail_hosts(host):
                self.add("spf-too-many-mx", evidence, **here, term=host.term, hosts=host.hosts)
        for term in node.uncountable:
            self.add("spf-macro", proof(node), **here, term=term)
        if node.record and _passes_all(node):
            self.add("spf-pass-all", proof(node), **here)

    def branch(self, node: SpfNode, child: SpfNode, here: dict[str, Scalar]) -> None:
        """What is wrong with a record that another includes or redirects to."""
        if child.state is NodeState.MISSING:
            self.add("spf-include-missing", proof(child), **here, term=child.via, name=child.domain)
        elif child.state is NodeState.MULTIPLE:
            self.add("spf-include-multiple-records", proof(child), **here, name=child.domain)
        elif child.state is NodeState.SYNTAX:
            for error in child.errors[:MAX_SAME]:
                self.add("spf-include-syntax-error", proof(child), **here, name=child.domain, term=error.term)
        elif child.state is NodeState.LOOP:
            self.add("spf-include-loop", proof(node), **here, term=child.via, name=child.domain)
        elif child.state is NodeState.UNREACHABLE:
            status = child.status.value if child.status else ""
            self.add("spf-include-unreachable", proof(child), **here, name=child.domain, status=status)

    def ending(self, tree: SpfTree) -> None:
        """What happens to a sender whom no term names (sections 4.7, 5.1 and 6.1)."""
        last = final(tree.root)
        if last.record is None:
            return  # the redirect leads nowhere or was not answered: said at that node
        args: dict[str, Scalar] = {"domain": tree.root.domain, "record_domain": last.domain}
        if tree.ends_with is Qualifier.NEUTRAL:
            self.add("spf-neutral-all", proof(last), **args)
        elif tree.ends_with is None and not read(last.record)[0].redirect:
            self.add("spf-no-all", proof(last), **args)

    def own_record(self, root: SpfNode) -> None:
        """What the domain's own record is written like; other people's style is not ours to judge."""
        assert root.record is not None
        record = read(root.record)[0]
        for error in root.errors[:MAX_SAME]:
            self.add(
                "spf-syntax-error",
                proof(root),
                domain=root.domain,
                term=error.term,
                position=error.position + 1,
                fault=error.fault.value,
            )
        for finding_id, term in [*_spelling(record), *_order(record), *_networks(record)]:
            self.add(finding_id, proof(root), domain=root.domain, term=term)
        octets = len(root.record.encode("utf-8", "replace")) + len(root.domain)
        if octets > LONG_RECORD:
            self.add("spf-record-too-long", proof(root), domain=root.domain, octets=octets, limit=LONG_RECORD)

    def evaluation(self, found: SpfEvaluation) -> None:
        """What SPF says of one IP."""
        evidence = [Evidence(hop.domain, hop.term or found.result.value) for hop in found.trail]
        evidence = [*evidence, *([Evidence("exp", shown(found.explanation))] if found.explanation else [])]
        args: dict[str, Scalar] = {"ip": found.ip, "domain": found.domain}
        if found.result is SpfResult.TEMPERROR or (found.unanswered and found.result is not SpfResult.PASS):
            # A PTR question without answer is passed over by SPF, but then a "fail" is not proven either.
            answer = found.unanswered[-1]
            args |= {"question": f"{answer.name} {answer.rdtype}", "status": answer.status.value}
            self.add("spf-temperror", answer, *evidence, **args)
            return
        term = found.mechanism or ""
        where = found.path[-1] if found.path else found.domain
        if found.result in (SpfResult.PASS, SpfResult.PERMERROR):
            args |= {"term": term, "record_domain": where}
        self.add(_IP_FINDINGS[found.result], *evidence, **args)


_IP_FINDINGS = {
    SpfResult.PASS: "spf-ip-authorised",
    SpfResult.FAIL: "spf-ip-not-authorised",
    SpfResult.SOFTFAIL: "spf-ip-softfail",
    SpfResult.NEUTRAL: "spf-ip-neutral",
    SpfResult.NONE: "spf-ip-none",
    SpfResult.PERMERROR: "spf-permerror",
}


def _bounded(evidence: Evidence | Answer) -> Evidence:
    """Evidence of a size that a screen can take."""
    found = evidence_of(evidence) if isinstance(evidence, Answer) else evidence
    if len(found.value) <= MAX_EVIDENCE:
        return found
    return replace(found, value=found.value[: MAX_EVIDENCE - 1] + "…")


def proof(node: SpfNode) -> Evidence:
    """A node's record, or what was there instead."""
    value = "\n".join(node.records) or (node.status.value if node.status else node.state.value)
    return Evidence(f"{node.domain} TXT", value, node.dig or None)


def denies_all(record: str) -> bool:
    """No term can pass anybody: ``v=spf1 -all`` and its kin."""
    parsed, errors = read(record)
    passing = any(m.qualifier is Qualifier.PASS for m in parsed.evaluated)
    ends = parsed.all is not None and parsed.all.qualifier in (Qualifier.FAIL, Qualifier.SOFTFAIL)
    return ends and not passing and not errors


def _passes_all(node: SpfNode) -> bool:
    record = read(node.record)[0] if node.record else None
    return bool(record and record.all and record.all.qualifier is Qualifier.PASS)


def _spelling(record: SpfRecord) -> Iterator[tuple[str, str]]:
    """Terms that are legal and hardly meant so."""
    for term in record.terms:
        if isinstance(term, Modifier) and term.name not in ("redirect", "exp"):
            mistyped = term.name in _MECHANISM_NAMES
            yield ("spf-mistyped-term" if mistyped else "spf-unknown-modifier"), term.text
    for text in record.text.split(" ")[1:]:
        if _JOINED.search(text[:4096]):
            yield "spf-missing-space", text
    repeated = Counter(text.lower().removeprefix("+") for text in record.text.split(" ")[1:] if text)
    for text, count in repeated.items():
        if count > 1:
            yield "spf-duplicate-term", text
    for mechanism in record.mechanisms:
        if mechanism.name == "ptr":
            yield "spf-ptr-used", mechanism.text


def _order(record: SpfRecord) -> Iterator[tuple[str, str]]:
    """Terms that never take effect where they stand."""
    last = record.all
    if last is None:
        return
    for mechanism in record.mechanisms:
        if mechanism.position > last.position:
            yield "spf-terms-after-all", mechanism.text
    if record.redirect:
        yield "spf-redirect-ignored", record.redirect.text


def _networks(record: SpfRecord) -> Iterator[tuple[str, str]]:
    """Networks that allow too much, or nobody."""
    for mechanism in record.evaluated:
        if mechanism.qualifier is not Qualifier.PASS:
            continue
        if _is_wide(mechanism):
            yield "spf-wide-network", mechanism.text
        elif mechanism.network and any(_inside(mechanism.network, private) for private in _PRIVATE):
            yield "spf-private-network", mechanism.text


def _inside(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    same = network.version == outer.version
    return same and network.network_address in outer and network.prefixlen >= outer.prefixlen


def _is_wide(mechanism: Mechanism) -> bool:
    if mechanism.network is not None:
        return mechanism.network.prefixlen <= WIDE[mechanism.network.version]
    return mechanism.name in ("a", "mx") and (mechanism.prefix4 <= WIDE[4] or mechanism.prefix6 <= WIDE[6])
