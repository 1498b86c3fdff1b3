"""What to say about a DMARC record that applies: its syntax, policy, report addresses and alignment."""

from __future__ import annotations

from deliverkit.checks import MAX_EVIDENCE, Notes
from deliverkit.checks._checkdmarc import DmarcReading, ReportUri, UriFault
from deliverkit.checks.alignment import Alignment, Mode
from deliverkit.checks.dmarc_record import KNOWN_TAGS, REMOVED_TAGS, DmarcRecord, Policy
from deliverkit.checks.dmarc_reports import Destination
from deliverkit.checks.dmarc_walk import Applied, Source, Walk
from deliverkit.model import Evidence
from deliverkit.net.resolver import dig_line

MAX_QUOTED = 80
"""Characters of a faulty piece that are quoted."""
_POLICY_TAGS = ("p", "sp", "np")


def _proof(record: DmarcRecord) -> Evidence:
    name = f"_dmarc.{record.domain}"
    return Evidence(f"{name} TXT", record.text[:MAX_EVIDENCE], dig_line(name, "TXT"))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def judge_record(notes: Notes, record: DmarcRecord, reading: DmarcReading) -> None:
    """Syntax, values and addresses; the policy itself is judged apart."""
    proof, domain, tags = _proof(record), record.domain, record.tags
    if not reading.syntax:
        part = next((piece for piece in record.faulty if piece), "") or (";;" if record.faulty else record.text)
        notes.add("dmarc-syntax-error", proof, domain=domain, part=_cut(part))
    for tag in record.doubled:
        notes.add("dmarc-tag-doubled", proof, domain=domain, tag=tag[:20])
    for tag in (tag for tag in reading.bad_values if tag not in _POLICY_TAGS):
        notes.add("dmarc-tag-invalid", proof, domain=domain, tag=tag, value=_cut(tags[tag]))
    removed = [tag for tag in REMOVED_TAGS if tag in tags]
    if removed:
        notes.add("dmarc-tag-removed", proof, domain=domain, tags=", ".join(removed))
    unknown = [tag for tag in tags if tag not in KNOWN_TAGS and tag not in REMOVED_TAGS]
    if unknown:
        notes.add("dmarc-tag-unknown", proof, domain=domain, tags=_cut(", ".join(unknown)))
    if "p" in tags and next((tag for tag in tags if tag != "v"), None) != "p":
        notes.add("dmarc-tag-order", proof, domain=domain)
    strict = [tag for tag in ("aspf", "adkim") if record.flag(tag, "r", "rs") == "s"]
    if strict:
        notes.add("dmarc-strict-alignment", proof, domain=domain, tags=", ".join(strict))
    _judge_addresses(notes, record, reading.reports)


def _judge_addresses(notes: Notes, record: DmarcRecord, reports: tuple[ReportUri, ...]) -> None:
    proof, domain = _proof(record), record.domain
    for uri in reports:
        if uri.fault is UriFault.INVALID:
            notes.add("dmarc-report-uri-invalid", proof, domain=domain, tag=uri.tag, uri=_cut(uri.text))
        elif uri.fault is UriFault.NOT_MAIL:
            notes.add("dmarc-report-uri-not-mail", proof, domain=domain, tag=uri.tag, uri=_cut(uri.text))
        elif uri.size_limit:
            notes.add("dmarc-report-size-limit", proof, domain=domain, tag=uri.tag, uri=_cut(uri.text))
    if "rua" not in record.tags:
        notes.add("dmarc-no-reports", proof, domain=domain)


def judge_policy(notes: Notes, found: Walk, record: DmarcRecord, applied: Applied | None) -> None:
    """What the record asks receivers to do with mail of the Author Domain."""
    proof, where = _proof(record), record.domain
    if applied is not None and applied.policy is not None and applied.fault is None:
        notes.add("dmarc-ok", proof, domain=found.domain, record_domain=where, policy=applied.policy)
    elif applied is not None and applied.fault is not None:
        broken = "dmarc-policy-invalid" if applied.policy is None else "dmarc-policy-fallback"
        notes.add(broken, proof, domain=where, tag=applied.fault, value=_cut(record.tags.get(applied.fault, "")))
    if found.source is Source.ORGANIZATIONAL:
        notes.add("dmarc-inherited", proof, domain=found.domain, record_domain=where)
    elif found.source is Source.PUBLIC_SUFFIX:
        notes.add("dmarc-public-suffix-policy", proof, domain=found.domain, record_domain=where)
    _judge_weaker(notes, record)
    if applied is None or applied.policy is None or applied.effective is None:
        return
    if applied.fault is None and applied.policy is Policy.NONE:
        notes.add("dmarc-policy-none", proof, domain=where)
    if applied.policy is not applied.effective:
        notes.add("dmarc-test-mode", proof, domain=where, policy=applied.policy, effective=applied.effective)
    pct = record.tags.get("pct", "100")
    if pct.isascii() and pct.isdigit() and int(pct[:6]) < 100 and applied.policy is not Policy.NONE:
        notes.add("dmarc-pct-partial", proof, domain=where, pct=int(pct[:6]), policy=applied.policy)


def _judge_weaker(notes: Notes, record: DmarcRecord) -> None:
    """``sp`` and ``np`` leave names below the domain more open than the domain itself."""
    policy = record.policy("p")
    for tag in ("sp", "np"):
        below = record.policy(tag)
        if policy is not None and below is not None and below.rank < policy.rank:
            args = {"domain": record.domain, "tag": tag, "below": below, "policy": policy}
            notes.add("dmarc-subdomain-weaker", _proof(record), **args)


def judge_destinations(notes: Notes, record: DmarcRecord, destinations: tuple[Destination, ...]) -> None:
    """Whether reports can reach their addresses. A failed question is never a refusal."""
    for destination in destinations:
        host, domain = destination.domain, record.domain
        asked = [answer for answer in (destination.authorisation, destination.mail) if answer is not None]
        if destination.authorised is False and destination.authorisation is not None:
            notes.add("dmarc-report-unauthorised", destination.authorisation, domain=domain, host=host)
        if destination.takes_mail is False and destination.mail is not None:
            notes.add("dmarc-report-no-mx", destination.mail, domain=domain, host=host)
        if destination.authorised is None or destination.takes_mail is None:
            notes.add("dmarc-report-not-checked", *asked, domain=domain, host=host)


def judge_alignment(notes: Notes, spf: Alignment | None, dkim: Alignment | None) -> None:
    """DMARC needs one aligned pass: the other may belong to whom it likes."""
    known = [alignment for alignment in (spf, dkim) if alignment is not None]
    aligned = next((alignment for alignment in known if alignment.aligned), None)
    if aligned is not None:
        notes.add("dmarc-aligned", domain=aligned.author, identifier=aligned.identifier)
        return
    for alignment in known:
        if alignment.aligned is None:
            answers = [step.answer for step in alignment.failed]
            notes.add("dmarc-alignment-not-checked", *answers, domain=alignment.author, identifier=alignment.identifier)
    if spf is not None and spf.aligned is False:
        notes.add("dmarc-spf-unaligned", _compared(spf), domain=spf.author, mail_from=spf.identifier)
    if dkim is not None and dkim.aligned is False:
        notes.add("dmarc-dkim-unaligned", _compared(dkim), domain=dkim.author, signing_domain=dkim.identifier)
    if spf is not None and dkim is not None and spf.aligned is False and dkim.aligned is False:
        args = {"domain": spf.author, "mail_from": spf.identifier, "signing_domain": dkim.identifier}
        notes.add("dmarc-nothing-aligned", **args)


def _compared(alignment: Alignment) -> Evidence:
    """The two names that were compared: the domains themselves in strict mode, else their organizations."""
    ours, theirs = alignment.author, alignment.identifier
    if alignment.mode is Mode.RELAXED:
        ours, theirs = alignment.author_organizational or ours, alignment.identifier_organizational or theirs
    return Evidence(f"{alignment.mode.name.lower()} alignment", f"{ours}\n{theirs}")
