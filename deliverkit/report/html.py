"""Many audits as one HTML page: nothing is loaded from anywhere, it sorts and filters where scripts run, reads and
prints without them, and follows the reader's choice of light or dark."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from deliverkit.language import _, current
from deliverkit.model import Audit, Outcome
from deliverkit.report.clean import clean, one_line
from deliverkit.report.data import Data
from deliverkit.report.row import RANK, Form, Totals
from deliverkit.report.sentences import Sentences
from deliverkit.report.text.layout import SYMBOLS

_ORDER = {"fail": 0, "unknown": 1, "warn": 2, "pass": 3, "not_applicable": 4}
STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;
--fail:#b3261e;--warn:#8a5300;--unknown:#7b3fa0;--pass:#1a6b32}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ec;--dim:#9aa4af;--line:#3a424b;--soft:#1d2228;
--fail:#ff8a80;--warn:#f0b35a;--unknown:#d3a4f0;--pass:#7ddc96}}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:75rem;background:var(--bg);
color:var(--fg);display:flex;flex-direction:column}
header{order:-2}.totals{order:-1;color:var(--dim);margin:0 0 1rem}h1{font-size:1.4rem;margin:0 0 .3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;
border-bottom:1px solid var(--line)}thead th{position:sticky;top:0;background:var(--bg)}
td:first-child{white-space:nowrap}td:nth-child(2){min-width:13rem}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
th button{all:unset;cursor:pointer}th button:focus-visible{outline:2px solid currentColor}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
.fail{color:var(--fail)}.warn{color:var(--warn)}.unknown{color:var(--unknown)}.pass{color:var(--pass)}
.not_applicable,.dim{color:var(--dim)}code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);padding:.5rem;white-space:pre-wrap;margin:.3rem 0}ul,ol{margin:.3rem 0;padding-left:1.3rem}
summary{cursor:pointer}input{font:inherit;padding:.3rem .5rem;width:20rem;max-width:100%}
@media screen and (max-width:48rem){table,thead,tbody,tr,td:last-child{display:block}th.n,td.n{display:none}
th,td{display:inline-block;border:0}td{overflow-wrap:anywhere}td:nth-child(2){min-width:0;max-width:70%}
tr{border-bottom:1px solid var(--line)}tr[hidden]{display:none}}
@media print{body{max-width:none;padding:0}thead th{position:static}input{display:none}tr{break-inside:avoid}}
"""
SCRIPT = """
(function(){var t=document.getElementById("audits"),b=t.tBodies[0];
function sort(th,i){var up=th.getAttribute("aria-sort")!=="ascending",r=[].slice.call(b.rows);
r.sort(function(x,y){var p=x.cells[i].dataset.v||x.cells[i].textContent,q=y.cells[i].dataset.v||y.cells[i].textContent,
n=parseFloat(p)-parseFloat(q);if(isNaN(n))n=p.localeCompare(q);return up?n:-n});
[].forEach.call(t.tHead.rows[0].cells,function(h){h.removeAttribute("aria-sort")});
th.setAttribute("aria-sort",up?"ascending":"descending");r.forEach(function(x){b.appendChild(x)})}
[].forEach.call(t.tHead.rows[0].cells,function(th,i){var k=document.createElement("button");
k.type="button";k.textContent=th.textContent;th.textContent="";th.appendChild(k);
k.onclick=function(){sort(th,i)}});
var f=document.getElementById("filter");f.hidden=false;f.oninput=function(){var q=f.value.toLowerCase();
[].forEach.call(b.rows,function(r){r.hidden=q!==""&&r.textContent.toLowerCase().indexOf(q)<0})};
window.addEventListener("beforeprint",function(){[].forEach.call(document.querySelectorAll("details"),
function(d){d.open=true})})})();
"""


@dataclass(frozen=True, slots=True)
class HtmlForm(Form):
    """A row a domain, with everything about it to be unfolded."""

    def head(self, say: Sentences) -> str:
        """See ``Form``."""
        policy = "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'"
        policy = policy.format(_hash(STYLE), _hash(SCRIPT))
        cells = "".join(
            f'<th scope="col" class="{kind}">{escape(text)}</th>'
            for text, kind in (
                (_("Outcome"), "t"),
                (_("Domain"), "t"),
                (_("Errors"), "n"),
                (_("Warnings"), "n"),
                (_("Notices"), "n"),
                (_("What was found"), "t"),
            )
        )
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(current())}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{escape(_('Audit of sending domains'))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header><h1>{escape(_('Audit of sending domains'))}</h1></header>\n<main>\n"
            f'<p><input id="filter" type="search" hidden placeholder="{escape(_("Filter"))}" '
            f'aria-label="{escape(_("Filter"))}"></p>\n'
            f'<table id="audits">\n<thead><tr>{cells}</tr></thead>\n<tbody>\n'
        )

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """See ``Form``."""
        counts = [_count(data, severity) for severity in ("error", "warning", "notice")]
        numbers = "".join(f'<td class="n">{number}</td>' for number in counts)
        outcome = data["outcome"]
        return (
            f'<tr><td data-v="{_ORDER.get(outcome, 9)}">{_outcome(outcome, say)}</td>'
            f"<td><code>{_text(data['domain'])}</code>{_place(data)}</td>{numbers}<td>{_found(data, say)}</td></tr>\n"
        )

    def tail(self, totals: Totals, say: Sentences) -> str:
        """See ``Form``."""
        from deliverkit.report.text.audit import counts_line

        told = escape(counts_line(totals.outcomes, say))
        return (
            f'</tbody>\n</table>\n</main>\n<p class="totals">{told}</p>\n<script>{SCRIPT}</script>\n</body>\n</html>\n'
        )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _text(value: object, limit: int = 4096) -> str:
    return escape(one_line(str(value), limit))


def _outcome(outcome: str, say: Sentences) -> str:
    word = Outcome(outcome)
    return f'<span class="{outcome}">{SYMBOLS[word]} {escape(say.word(word))}</span>'


def _count(data: Data, severity: str) -> int:
    return sum(f["severity"] == severity for check in data["checks"] for f in check["findings"])


def _place(data: Data) -> str:
    source = data.get("source") or {}
    return f'<br><span class="dim">{_text(source["file"])}:{source["line"]}</span>' if source.get("file") else ""


def _found(data: Data, say: Sentences) -> str:
    found = [finding for check in data["checks"] for finding in check["findings"]]
    shown = ("error", "warning", "notice") if data["outcome"] == "unknown" else ("error", "warning")
    worst = sorted((f for f in found if f["severity"] in shown), key=lambda f: RANK[f["severity"]])
    first = [f.get("summary") or f["id"] for f in worst][:2]
    summary = " · ".join(_text(text, 200) for text in first) or _text(data.get("error") or _("all checks"))
    parts = [_check(check, say) for check in data["checks"]]
    parts += [
        f'<li class="dim">{escape(_("ignored"))}: <code>{_text(each["id"])}</code> {_text(each["reason"])}</li>'
        for each in data.get("ignored", ())
    ]
    steps = "".join(_step(step) for step in data["steps"])
    steps = f"<h2>{escape(_('Steps'))}</h2><ol>{steps}</ol>" if steps else ""
    return f"<details><summary>{summary}</summary><ul>{''.join(parts)}</ul>{steps}</details>"


def _check(check: Data, say: Sentences) -> str:
    return f"<li>{_outcome(check['outcome'], say)} <b>{_text(check['check'])}</b> {_findings(check)}</li>"


def _findings(check: Data) -> str:
    if not check["findings"]:
        return f'<span class="dim">{_text(check["subject"])}</span>'
    items = "".join(
        f"<li>{_text(f.get('summary') or '')} <code>{_text(f['id'])}</code></li>" for f in check["findings"]
    )
    return f"<ul>{items}</ul>"


def _step(step: Data) -> str:
    record = step.get("record")
    text = f"<li><b>{_text(step['title'])}</b><br>{_text(step.get('why') or '')}"
    if record:
        text += f"<pre>{escape(clean(' '.join((record['name'], record['rdtype'], record['value']))))}</pre>"
    for part in ("command", "verify"):
        if step.get(part):
            text += f"<pre>{escape(clean(step[part]))}</pre>"
    return text + "</li>"
