"""Many audits as metrics in the OpenMetrics text form, for Prometheus: the textfile collector of node_exporter reads
them from a file, which ``--output`` replaces as a whole."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from deliverkit.model import Audit
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data
from deliverkit.report.row import Form, Totals
from deliverkit.report.sentences import Sentences

FAMILIES = {
    "deliverkit_check_outcome": "Outcome of a check: 1 for the one it came to.",
    "deliverkit_domain_findings": "Findings of a domain by severity, without ignored ones.",
    "deliverkit_domain_outcome": "Outcome of a domain: 1 for the one it came to.",
    "deliverkit_domain_seconds": "Seconds that the audit of a domain took.",
    "deliverkit_finding": "A finding that is there, by its id.",
    "deliverkit_domains": "Domains audited in the run.",
    "deliverkit_run_seconds": "Seconds that the run took.",
    "deliverkit_run_timestamp_seconds": "When the run ended, in seconds since 1970.",
    "deliverkit_questions": "DNS questions of the run, those answered from memory among them.",
}
"""Every metric, all of them gauges, with its line of help. Names are never changed."""


@dataclass(frozen=True, slots=True)
class OpenmetricsForm(Form):
    """Gathers: the samples of one metric have to stand together."""

    now: Callable[[], float] = time.time
    gathers: ClassVar[bool] = True

    def one(self, audit: Audit | None, data: Data, say: Sentences) -> str:
        """The samples of one domain, as JSON by metric until they are gathered."""
        return json.dumps(_samples(data))

    def gather(self, parts: list[str], totals: Totals) -> str:
        """The whole text."""
        families: dict[str, list[str]] = {name: [] for name in FAMILIES}
        for part in parts:
            for name, samples in json.loads(part).items():
                families[name] += samples
        families["deliverkit_domains"] = [_sample({"outcome": o}, n) for o, n in sorted(totals.outcomes.items())]
        families["deliverkit_run_seconds"] = [f" {totals.elapsed}"]
        families["deliverkit_run_timestamp_seconds"] = [f" {self.now():.0f}"]
        families["deliverkit_questions"] = [f" {totals.asked}"]
        return "".join(_family(name, samples) for name, samples in families.items()) + "# EOF\n"


def _family(name: str, samples: Iterable[str]) -> str:
    head = f"# TYPE {name} gauge\n# HELP {name} {FAMILIES[name]}\n"
    return head + "".join(f"{name}{sample}\n" for sample in samples)


def _samples(data: Data) -> dict[str, list[str]]:
    domain = data["domain"]
    counts = dict.fromkeys(("error", "warning", "notice"), 0)
    found: dict[tuple[str, str, str], int] = {}
    for check in data["checks"]:
        for finding in check["findings"]:
            if finding["severity"] in counts:
                counts[finding["severity"]] += 1
                key = (check["check"], finding["id"], finding["severity"])
                found[key] = found.get(key, 0) + 1
    outcomes = dict.fromkeys((check["check"], check["outcome"]) for check in data["checks"])
    return {
        "deliverkit_domain_outcome": [_sample({"domain": domain, "outcome": data["outcome"]}, 1)],
        "deliverkit_domain_findings": [_sample({"domain": domain, "severity": s}, n) for s, n in counts.items()],
        "deliverkit_domain_seconds": [_sample({"domain": domain}, data["elapsed"])],
        "deliverkit_check_outcome": [_sample({"domain": domain, "check": c, "outcome": o}, 1) for c, o in outcomes],
        "deliverkit_finding": [
            _sample({"domain": domain, "check": c, "id": i, "severity": s}, n) for (c, i, s), n in found.items()
        ],
    }


def _sample(labels: dict[str, str], value: float) -> str:
    return "{" + ",".join(f'{name}="{_label(text)}"' for name, text in labels.items()) + f"}} {value}"


def _label(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')
