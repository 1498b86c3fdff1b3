"""Records to publish for MTA-STS, TLS reporting and BIMI, worked out from what was found. Pure: facts in, text out."""

from __future__ import annotations

from deliverkit.checks.bimi import BimiFacts
from deliverkit.checks.mta_sts import MtaStsFacts
from deliverkit.checks.mta_sts_policy import FIRST_AGE, Mode, policy_id, policy_text
from deliverkit.checks.tagged import read
from deliverkit.checks.tls_rpt import TlsRptFacts, is_report_uri


def mta_sts_first(facts: MtaStsFacts, mode: Mode = Mode.TESTING) -> str | None:
    """The record for the policy that the fix has written: today's MX hosts. None where there are none."""
    if not facts.hosts:
        return None
    return _record(policy_id(policy_text(facts.hosts, mode, FIRST_AGE)))


def mta_sts_repaired(facts: MtaStsFacts) -> str | None:
    """One valid record for the policy as it is served; else for the policy of the fix."""
    return _record(facts.policy_id) if facts.policy_id else mta_sts_first(facts)


def _record(identity: str) -> str:
    return f"v=STSv1; id={identity};"


def tls_rpt_first(facts: TlsRptFacts) -> str:
    """A first record; the mailbox is one to create."""
    return f"v=TLSRPTv1; rua=mailto:tls-reports@{facts.domain}"


def tls_rpt_repaired(facts: TlsRptFacts) -> str:
    """One record with every usable address of what stands there; an address without ``mailto:`` gets it."""
    uris: dict[str, None] = {}
    for text in facts.published:
        rua = read(text.strip(" \t\"'")).tags.get("rua", "")
        for uri in filter(None, (part.strip(" \t\"'") for part in rua.split(","))):
            known = next((form for form in (uri, f"mailto:{uri}") if is_report_uri(form)), None)
            if known:
                uris[known] = None
    return f"v=TLSRPTv1; rua={','.join(uris)}" if uris else tls_rpt_first(facts)


def bimi_repaired(facts: BimiFacts) -> str | None:
    """One record with the first https addresses of what stands there; None where there is no logo."""
    found: dict[str, str] = {}
    for text in facts.published:
        tags = read(text.strip(" \t\"'")).tags
        for tag in ("l", "a", "avp", "lps"):
            value = tags.get(tag, "").strip("\"'")
            if value and (tag not in ("l", "a") or value.startswith("https://")):
                found.setdefault(tag, value)
    if "l" not in found:
        return None
    ordered = {"l": found.pop("l"), "a": found.pop("a", ""), **found}
    return "; ".join(["v=BIMI1", *(f"{tag}={value}" for tag, value in ordered.items())])
