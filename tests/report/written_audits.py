"""Audits for the tests of forms: a sound one, a faulty one whose values are hostile, one that a bug ended."""

from __future__ import annotations

from typing import Any

from deliverkit.knowledge import load
from deliverkit.report.row import Form, Rows, Totals
from deliverkit.report.sentences import Sentences

EVIL = "=cmd|'/C calc'!A1<script>alert(1)</script>\x1b[31m\u202e\"'&]]>::error::x\x00"


def finding(id_: str, severity: str, summary: str, **args: Any) -> dict[str, Any]:
    outcome = {"error": "fail", "warning": "warn"}.get(severity, "pass")
    return {
        "id": id_,
        "severity": severity,
        "outcome": outcome,
        "args": args,
        "evidence": [],
        "summary": summary,
        "docs": f"findings/{id_}",
    }


def check(name: str, outcome: str, *findings: dict[str, Any], subject: str = "shop.example") -> dict[str, Any]:
    return {
        "check": name,
        "subject": subject,
        "outcome": outcome,
        "findings": list(findings),
        "facts": None,
        "elapsed": 0.25,
    }


def audits() -> list[dict[str, Any]]:
    common: dict[str, Any] = {"platforms": [], "steps": [], "elapsed": 0.5}
    step = {
        "id": "spf-publish.publish",
        "title": EVIL,
        "why": "why",
        "owner": "sender_admin",
        "record": {"name": "shop.example", "rdtype": "TXT", "value": EVIL, "now": []},
        "command": None,
        "url": None,
        "verify": None,
        "verify_check": "spf",
        "because": ["spf-missing"],
    }
    return [
        {
            "domain": "good.example",
            "outcome": "pass",
            "checks": [check("spf", "pass", subject="good.example")],
            **common,
        },
        {
            "domain": "shop.example",
            "outcome": "fail",
            "checks": [
                check("spf", "fail", finding("spf-missing", "error", EVIL, domain="shop.example")),
                check("dkim", "warn", finding("dkim-key-short", "warning", "a short key", selector=EVIL)),
                check("mx", "unknown", finding("mx-unanswered", "notice", "no answer")),
                check("dmarc", "pass", finding("dmarc-ok", "info", "fine")),
                check("ptr", "not_applicable", subject=EVIL),
            ],
            **common,
            "steps": [step],
            "source": {"file": "lists/domains.txt", "line": 7},
            "ignored": [
                {
                    "check": "dmarc",
                    "subject": "shop.example",
                    "id": "dmarc-policy-none",
                    "severity": "warning",
                    "args": {},
                    "summary": "none",
                    "reason": EVIL,
                    "until": "2030-01-01",
                }
            ],
        },
        {"domain": "broken.example", "outcome": "unknown", "checks": [], "error": EVIL, **common},
    ]


def written(form: Form, data: list[dict[str, Any]] | None = None) -> str:
    """A whole result in a form, as the command line puts it together."""
    say, totals, parts = Sentences(load()), Totals(elapsed=2.5), []
    rows = Rows(form)
    for each in audits() if data is None else data:
        row = rows.again(each)
        totals.add(row)
        if row.text:
            parts.append(row.text)
    if form.gathers:
        return form.gather(parts, totals)
    return form.head(say) + form.between.join(parts) + form.tail(totals, say)
