"""A checked message as plain data and as Markdown."""

from __future__ import annotations

from deliverkit.language import _
from deliverkit.message_audit import MessageAudit
from deliverkit.report.data import Data, audit_data, plain
from deliverkit.report.markdown import audit_markdown, literal
from deliverkit.report.sentences import Sentences


def message_data(found: MessageAudit, say: Sentences) -> Data:
    """One entry of ``messages``: what a receiver comes to first, then the same parts as an audit."""
    dmarc, dkim, spf = found.dmarc, found.dkim, found.spf
    return {
        "source": found.source,
        "author_domain": found.author,
        "subject": found.headers.subject if found.headers else None,
        "dmarc": plain(dmarc),
        "delivery": plain(spf.delivery) if spf else None,
        "spf": {
            "domain": spf.domain,
            "result": spf.evaluation.result.value if spf.evaluation else None,
            "mechanism": spf.evaluation.mechanism if spf.evaluation else None,
        }
        if spf
        else None,
        "signatures": plain(dkim.signatures) if dkim else [],
        "results": [{**plain(s), "meaning": meaning(s.word, say)} for s in (found.said.said if found.said else ())],
        **{key: value for key, value in audit_data(found.audit, say).items() if key != "domain"},
    }


def meaning(word: str, say: Sentences) -> str:
    """What a word of Authentication-Results means (``spf.softfail``); empty for one that nobody explained."""
    return str(say.knowledge.text("authres", say.lang).get(word, ""))


def message_markdown(found: MessageAudit, say: Sentences) -> str:
    """A checked message as a Markdown section."""
    lines = [f"# {literal(found.source)}", ""]
    lines += [f"**{literal(sentence)}**" for sentence in answer(found, say)[:1]]
    lines += ["", audit_markdown(found.audit, say)]
    if found.said and found.said.said:
        lines += ["", f"### {_('What the receiver said')}", ""]
        lines += [f"- `{literal(s.method)}={literal(s.result)}`: {meaning(s.word, say)}" for s in found.said.said]
    return "\n".join(lines)


def answer(found: MessageAudit, say: Sentences) -> list[str]:
    """The sentences that answer whether the message passes DMARC at a receiver."""
    results = (result for result in found.audit.checks if result.check == "message-dmarc")
    return [say.finding(finding) for result in results for finding in result.findings]
