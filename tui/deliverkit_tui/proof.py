"""The evidence of a check as blocks of literal text: findings, then the records, trees, keys and lists behind them.

Pure: a result goes in, blocks come out. Text for widgets, not for the CLI (``report.text`` has that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deliverkit.checks.blocklist_answer import Listing
from deliverkit.checks.blocklist_findings import BlocklistReport
from deliverkit.checks.dkim import DkimFacts
from deliverkit.checks.dkim_key import DkimKey
from deliverkit.checks.spf import SpfFacts
from deliverkit.checks.spf_tree import SpfNode
from deliverkit.language import _
from deliverkit.model import CheckResult, Diagnosis, Outcome
from deliverkit.report.clean import one_line
from deliverkit.report.sentences import Sentences
from deliverkit_tui.blocks import Block
from deliverkit_tui.widgets.checks import telling
from deliverkit_tui.words import ROLES, SYMBOLS, line, row, text

MAX_KEYS = 12
_MAX_VALUES = 24
_OF_SERVERS = ("mta-sts", "dnssec", "dane", "nameservers", "starttls")


def proof_of(result: CheckResult, say: Sentences) -> list[Block]:
    """Everything there is behind a result, most telling first."""
    head = row((f"{SYMBOLS[result.outcome]} {say.word(result.outcome)}", ROLES[result.outcome]), ("  ", ""))
    blocks = [
        Block(
            row(
                head,
                line(result.subject, "strong"),
                ("   " + _("{elapsed} ms").format(elapsed=format(result.elapsed * 1000, ".0f")), "dim"),
            )
        )
    ]
    blocks += _findings(result, say)
    return [*blocks, *facts_of(result, say), *_asked(result)]


def facts_of(result: CheckResult, say: Sentences) -> list[Block]:
    """What the check saw as a whole: the include tree, the keys, the lists; nothing for checks without such."""
    match result.facts:
        case SpfFacts():
            return list(_spf(result.facts))
        case DkimFacts():
            return list(_dkim(result.facts))
        case BlocklistReport():
            return list(_lists(result.facts, say))
    if result.check in _OF_SERVERS:
        from deliverkit_tui.proof_servers import servers_of

        return list(servers_of(result.facts))
    return []


def _findings(result: CheckResult, say: Sentences) -> Iterator[Block]:
    specs = say.knowledge.findings
    loud = telling(result, say)
    quiet = [f for f in result.findings if f not in loud]
    if not result.findings:
        yield Block(text(say.word(result.outcome, "sentence"), "dim"), gap=True)
    for finding in loud:
        outcome = specs[finding.id].outcome
        yield Block(row((f"{SYMBOLS[outcome]} ", ROLES[outcome]), text(say.finding(finding))), gap=True)
        if outcome is not Outcome.PASS and (why := say.finding(finding, "why")):
            yield Block(text(why, "dim"), indent=2)
        if harmless := say.finding(finding, "harmless"):
            yield Block(text(harmless, "dim"), indent=2)
    for finding in quiet:
        outcome = specs[finding.id].outcome
        yield Block(row((f"{SYMBOLS[outcome]} ", ROLES[outcome]), text(say.finding(finding), "dim")))


def _spf(facts: SpfFacts) -> Iterator[Block]:
    voids = _(", {void_lookups} of 2 void").format(void_lookups=facts.void_lookups) if facts.void_lookups else ""
    yield Block(
        row(
            (_("SPF tree"), "strong"),
            ("   " + _("{lookups} of 10 look-ups{voids}").format(lookups=facts.lookups, voids=voids), "dim"),
        ),
        gap=True,
    )
    yield from _node(facts.tree.root, "", "")
    for evaluation in facts.evaluations:
        last = evaluation.trail[-1] if evaluation.trail else None
        decided = (
            _('   decided by "{term}" of {domain}').format(
                term=one_line(last.term, 80), domain=one_line(last.domain, 80)
            )
            if last
            else ""
        )
        yield Block(row((evaluation.ip, ""), (f"  {evaluation.result.value}", "strong"), (decided, "dim")), indent=2)


def _node(node: SpfNode, lead: str, branch: str) -> Iterator[Block]:
    """The tree, its records cut to one line; the look-ups are those that the node costs with all below it."""
    name = node.via or node.domain
    state = "" if node.state.value == "read" else f"  {node.state.value.replace('_', ' ')}"
    cost = f"  {node.total_lookups}" if node.total_lookups else ""
    head = row((f"{lead}{branch}", "dim"), line(name, "", 120), (cost, "strong"), (state, "bad"))
    yield Block(row(head, ("  ", ""), line(node.record or "", "dim", 400)), indent=2, whole=not branch)
    below = lead + ("" if not branch else "  " if branch.startswith("└") else "│ ")
    for number, child in enumerate(node.children, 1):
        yield from _node(child, below, "└ " if number == len(node.children) else "├ ")


def _dkim(facts: DkimFacts) -> Iterator[Block]:
    names = _("{count} selectors tried").format(count=len(facts.tried)) if facts.tried else _("no selector tried")
    yield Block(
        row(
            (_("Keys"), "strong"),
            ("   " + _("{count} found, {names}").format(count=len(facts.keys), names=names), "dim"),
        ),
        gap=True,
    )
    for found in facts.keys[:MAX_KEYS]:
        mark = Outcome.PASS if found.usable else Outcome.FAIL
        if isinstance(found.key, DkimKey):
            said = (
                _("{type}, {bits} bits").format(type=found.key.type, bits=found.key.bits)
                if found.key.bits
                else found.key.type
            )
        else:
            said = f"{found.key.fault.value.replace('_', ' ')}: {one_line(found.key.part, 80)}"
        by = "   " + _("by {names}").format(names=one_line(" → ".join(found.cname), 160)) if found.cname else ""
        head = row((f"{SYMBOLS[mark]} ", ROLES[mark]), line(found.selector), (f"  {said}", "strong"), (by, "dim"))
        yield Block(head, indent=2)
        yield Block(line(found.text, "dim"), indent=4, whole=False)
    if facts.tried:
        yield Block(text("tried: " + ", ".join(facts.tried), "dim"), indent=2)


_STATES = {
    Listing.LISTED: Outcome.FAIL,
    Listing.POLICY: Outcome.WARN,
    Listing.GOOD: Outcome.PASS,
    Listing.NEUTRAL: Outcome.PASS,
    Listing.NOT_LISTED: Outcome.PASS,
    Listing.NOT_ASKED: Outcome.NOT_APPLICABLE,
}


def _lists(report: BlocklistReport, say: Sentences) -> Iterator[Block]:
    order = list(Listing)
    for facts in report.subjects:
        asked = [r for r in facts.rows if r.state is not Listing.NOT_ASKED]
        answered = "   " + _("{answered} of {asked} lists gave an answer").format(
            answered=facts.answered, asked=facts.asked
        )
        yield Block(row(line(facts.subject, "strong"), (answered, "dim")), gap=True)
        for entry in sorted(asked, key=lambda r: order.index(r.state)):
            outcome = _STATES.get(entry.state, Outcome.UNKNOWN)
            word = say.listing(f"state.{entry.state.value}") or entry.state.value.replace("_", " ")
            why = say.listing(f"why.{entry.why.value}") if entry.why else ", ".join(entry.labels)
            head = row((f"{SYMBOLS[outcome]} {one_line(word):<14} ", ROLES[outcome]), line(entry.name))
            yield Block(row(head, ("  ", ""), line(why, "dim")), indent=2, whole=False)
            if entry.state in (Listing.LISTED, Listing.POLICY):
                for url in dict.fromkeys(u for u in (entry.lookup_url, entry.removal_url) if u):
                    yield Block(line(url, "code"), indent=19)


def _asked(result: CheckResult) -> Iterator[Block]:
    items = list(dict.fromkeys(e for f in result.findings for e in f.evidence))[:_MAX_VALUES]
    if items:
        yield Block(row((_("Asked and answered"), "strong")), gap=True)
    for item in items:
        yield Block(line(item.label, "dim"), indent=2)
        yield Block(text(item.value, "", 1200), indent=4)
    digs = list(dict.fromkeys([*_tree_digs(result), *(item.dig for item in items if item.dig)]))[:_MAX_VALUES]
    if digs:
        yield Block(row((_("Ask the same"), "strong"), ("   " + _("c copies"), "dim")), gap=True)
    for dig in digs:
        yield Block(line(dig, "code", 600), indent=2, command=one_line(dig, 4000))


def _tree_digs(result: CheckResult) -> list[str]:
    """The questions of the SPF tree, its root first."""
    nodes = [result.facts.tree.root] if isinstance(result.facts, SpfFacts) else []
    digs = []
    while nodes:
        node = nodes.pop(0)
        digs += [node.dig] if node.dig else []
        nodes += node.children
    return digs


def reply_of(diagnosis: Diagnosis, say: Sentences) -> list[Block]:
    """What the server said, which words decided, and what the codes mean."""
    bounce, verdict, evidence = diagnosis.bounce, diagnosis.verdict, diagnosis.evidence
    blocks = [Block(text(bounce.reply.raw, "", 6000))]
    because = f"“{one_line(evidence.matched, 300)}”" if evidence.matched else say.word(verdict.basis, "sentence")
    rule = "   " + _("rule {id}").format(id=evidence.rule) if evidence.rule else ""
    blocks.append(Block(row((f"{_('because'):<9}", "dim"), line(because), (rule, "dim")), gap=True))
    blocks.append(Block(row((f"{_('sure?'):<9}", "dim"), line(say.word(verdict.confidence, "sentence")))))
    for label, value in (
        (f"{_('to'):<9}", bounce.recipient),
        (f"{_('from'):<9}", bounce.sender),
        (f"{'MX':<9}", bounce.mx),
        *((f"{name:<9}", value) for name, value in evidence.groups.items()),
    ):
        if value:
            blocks.append(Block(row((label, "dim"), line(value, "", 200))))
    info = say.knowledge.rule_info.get(evidence.rule or "")
    if info and not info.confirmed:
        blocks.append(Block(text(_("This wording is not confirmed by the provider's own pages."), "dim")))
    if verdict.also_possible:
        others = "; ".join(f"{say.reason(a.reason)} ({a.reason})" for a in verdict.also_possible)
        blocks.append(Block(row((_("also possible") + "  ", "dim"), line(others))))
    blocks.append(Block(text(say.reason(verdict.reason, "meaning", provider=_sender(verdict.provider, say))), gap=True))
    return [*blocks, *_codes(diagnosis, say)]


def _sender(provider: str | None, say: Sentences) -> str:
    return say.provider(provider) or _("the receiving server")


def _codes(diagnosis: Diagnosis, say: Sentences) -> Iterable[Block]:
    reply = diagnosis.bounce.reply
    entry = say.knowledge.enhanced_code(reply.enhanced_code or "")
    if entry:
        head = row((f"{reply.enhanced_code}  ", "strong"), line(entry.name))
        yield Block(head, gap=True)
        for part in ("meaning", "usual", "guide"):
            if told := say.code(entry.id, part):
                yield Block(text(told, "dim"), indent=2)
    basic = say.knowledge.basic_codes.get(str(reply.code or ""))
    if basic:
        yield Block(row((f"{basic.id}  ", "strong"), text(say.code(basic.id, "meaning"), "dim")), gap=True)
