"""The evidence of the checks about name servers, signatures and TLS: one row a server, as blocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from deliverkit.checks.dane import DaneFacts
from deliverkit.checks.dnssec import DnssecFacts
from deliverkit.checks.mta_sts import MtaStsFacts
from deliverkit.checks.nameservers import NameserverFacts
from deliverkit.checks.starttls import StarttlsFacts
from deliverkit.language import _
from deliverkit.model import Outcome
from deliverkit.report.clean import one_line
from deliverkit_tui.blocks import Block
from deliverkit_tui.casefile import duration
from deliverkit_tui.words import ROLES, SYMBOLS, line, row

MAX_ROWS = 24
"""Servers, hosts or records shown of each."""


def servers_of(facts: object) -> Iterator[Block]:
    """What was seen at each server; nothing for other facts."""
    match facts:
        case MtaStsFacts():
            yield from _mta_sts(facts)
        case DaneFacts():
            yield from _dane(facts)
        case NameserverFacts():
            yield from _nameservers(facts)
        case DnssecFacts():
            yield from _dnssec(facts)
        case StarttlsFacts():
            yield from _starttls(facts)


def _head(title: str, told: str = "") -> Block:
    return Block(row((title, "strong"), (f"   {told}" if told else "", "dim")), gap=True)


def _mark(fine: bool | None) -> tuple[str, str]:
    outcome = Outcome.UNKNOWN if fine is None else Outcome.PASS if fine else Outcome.FAIL
    return f"{SYMBOLS[outcome]} ", ROLES[outcome]


def _mta_sts(facts: MtaStsFacts) -> Iterator[Block]:
    if facts.policy is None:
        return
    policy = facts.policy
    kept = _("kept for {time}").format(time=duration(policy.max_age)) if policy.max_age else ""
    yield _head(_("Policy"), " · ".join(part for part in (policy.mode or "", kept) if part))
    for pattern in policy.mx[:MAX_ROWS]:
        yield Block(row(("mx: ", "dim"), line(pattern, "", 255)), indent=2)
    if facts.hosts:
        yield _head(_("Mail hosts and the policy"))
    for host in facts.hosts[:MAX_ROWS]:
        covered = host not in facts.uncovered
        told = "" if covered else "  " + _("not covered: senders that enforce it refuse to deliver here")
        yield Block(row(_mark(covered), line(host, "", 255), (told, "dim")), indent=2)


def _dane(facts: DaneFacts) -> Iterator[Block]:
    if not any(host.records for host in facts.hosts):
        return
    yield _head(_("TLSA records"), _("MX proven by DNSSEC") if facts.mx_signed else _("MX not proven by DNSSEC"))
    for host in facts.hosts[:MAX_ROWS]:
        told = (_("proven") if host.signed else _("not proven by DNSSEC")) if host.records else _("none")
        yield Block(row(line(host.host, "", 255), (f"  {told}", "dim")), indent=2)
        for record in host.records[:MAX_ROWS]:
            fault = f"  {record.fault.value}" if record.fault else ""
            yield Block(row(_mark(record.usable), line(record.text, "", 200), (fault, "bad")), indent=4, whole=False)


def _nameservers(facts: NameserverFacts) -> Iterator[Block]:
    if not facts.servers:
        return
    serials = {server.serial for server in facts.servers if server.serial is not None}
    told = _("all have serial {serial}").format(serial=min(serials)) if len(serials) == 1 else ""
    yield _head(_("Name servers of {zone}").format(zone=one_line(facts.zone, 120)), told)
    newest = max(serials, default=None)
    for server in facts.servers[:MAX_ROWS]:
        if not server.reached:
            fine, said = None, _("no answer")
        elif server.lame:
            fine, said = False, _("does not serve the zone")
        else:
            fine = True
            said = _("serial {serial}").format(serial=server.serial) if server.serial is not None else _("no serial")
            if newest is not None and server.serial not in (None, newest):
                said += "  " + _("another one than the others")
        yield Block(row(_mark(fine), line(server.name, "", 255), (f"  {server.address}  {said}", "dim")), indent=2)
        failed = [a for a in server.answers if a.failed and server.reached]
        for answer in failed[:3]:
            yield Block(row((f"{one_line(answer.name, 120)} {answer.rdtype}: {answer.status.value}", "warn")), indent=6)
    if facts.parent:
        yield Block(row((_("the zone above names") + "  ", "dim"), line(", ".join(facts.parent), "", 400)), indent=2)


def _dnssec(facts: DnssecFacts) -> Iterator[Block]:
    if not facts.zone:
        return
    yield _head(_("Zone {zone}").format(zone=one_line(facts.zone, 120)))
    signed = {True: _("signed"), False: _("not signed"), None: _("not known whether it is signed")}[facts.signed]
    yield Block(row((signed, "")), indent=2)
    if facts.signed:
        valid = {
            True: _("the resolver has proven it"),
            False: _("the resolver refuses it"),
            None: _("the resolver does not say whether it proves it"),
        }[facts.validated]
        yield Block(row(_mark(facts.validated), (valid, "")), indent=2)
    if facts.algorithms:
        yield Block(row((_("algorithms") + "  ", "dim"), line(", ".join(facts.algorithms))), indent=2)
    if facts.expires:
        at = datetime.fromtimestamp(facts.expires, UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield Block(row((_("first signature ends") + "  ", "dim"), (at, "")), indent=2)


def _starttls(facts: StarttlsFacts) -> Iterator[Block]:
    if not facts.hosts:
        return
    yield _head(_("Mail hosts that were visited"))
    for host in facts.hosts[:MAX_ROWS]:
        told = " · ".join(
            part for part in (host.tls_version, host.cipher, host.fault.value if host.fault else "") if part
        )
        fine = None if not host.tls_version and host.fault is None else host.fault is None
        said = told or host.status.value.replace("_", " ")
        yield Block(row(_mark(fine), line(host.host, "", 255), (f"  {one_line(said, 160)}", "dim")), indent=2)
        if host.fits_tlsa is not None:
            tlsa = _("fits its TLSA records") if host.fits_tlsa else _("does not fit its TLSA records")
            yield Block(row(_mark(host.fits_tlsa), (tlsa, "")), indent=6)
    if facts.not_visited:
        yield Block(row((_("not visited") + "  ", "dim"), line(", ".join(facts.not_visited), "", 400)), indent=2)
