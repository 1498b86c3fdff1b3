"""Every form of a result is read by what reads such files: a spreadsheet's rules, XML and JSON schemas, a browser's
parser, Prometheus. Hostile values get out of none of them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families
from written_audits import EVIL, audits, check, finding, written

from deliverkit.report.csv import COLUMNS, CsvForm
from deliverkit.report.github import GithubForm
from deliverkit.report.html import HtmlForm
from deliverkit.report.junit import JunitForm
from deliverkit.report.openmetrics import OpenmetricsForm
from deliverkit.report.row import Form
from deliverkit.report.sarif import SarifForm
from deliverkit.report.streams import JsonForm, LinesForm

DATA = Path(__file__).parents[1] / "data"
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FORMS: dict[str, Form] = {
    "csv": CsvForm(),
    "github": GithubForm(),
    "html": HtmlForm(),
    "junit": JunitForm(),
    "openmetrics": OpenmetricsForm(now=lambda: 1_790_000_000.0),
    "sarif": SarifForm(),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_as_it_was(name: str) -> None:
    """The golden files; GOLDEN=write writes them anew, to be read before they are committed."""
    text = re.sub(r'"version": "\d+\.\d+\.\d+"}?, "rules"', '"version": "0", "rules"', written(FORMS[name]))
    golden = DATA / "formats" / f"audit.{name}"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8", newline="")
    assert text == golden.read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", FORMS)
def test_no_control_character_gets_out(name: str) -> None:
    assert not CONTROL.search(written(FORMS[name]))


def test_csv_has_a_row_for_each_finding_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(written(CsvForm()))))
    assert [(row["domain"], row["finding"]) for row in rows] == [
        ("good.example", ""),
        ("shop.example", "spf-missing"),
        ("shop.example", "dkim-key-short"),
        ("shop.example", "mx-unanswered"),
        ("shop.example", "dmarc-ok"),
        ("shop.example", ""),
        ("shop.example", "dmarc-policy-none"),
        ("broken.example", ""),
    ]
    cells = [cell for row in rows for name in COLUMNS if (cell := row[name])]
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]
    assert (rows[1]["file"], rows[1]["line"]) == ("lists/domains.txt", "7")


def test_junit_is_valid_and_tells_unknown_from_failed() -> None:
    schema = etree.XMLSchema(etree.parse(DATA / "sarif" / "junit.xsd"))
    tree = etree.fromstring(written(JunitForm()).encode())
    schema.assertValid(tree)
    [suite] = tree.xpath("//testsuite[@name='shop.example']")
    assert dict(suite.attrib) | {"time": ""} == {
        "name": "shop.example",
        "tests": "5",
        "failures": "1",
        "errors": "0",
        "skipped": "2",
        "time": "",
    }
    assert tree.xpath("//testcase[skipped]/@name")[0] == "mx"
    assert tree.xpath("//testsuite[@name='broken.example']//error/@type") == ["bug"]
    assert not tree.xpath("//script")


def sarif(data: list[dict[str, Any]] | None = None) -> Any:
    log = json.loads(written(SarifForm(), data))
    schema = json.loads((DATA / "sarif" / "sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    return log["runs"][0]


def test_sarif_is_valid_by_the_official_schema() -> None:
    run = sarif()
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("spf-missing", "error"),
        ("dkim-key-short", "warning"),
        ("mx-unanswered", "note"),
        ("dmarc-policy-none", "warning"),
    ]
    assert [bool(r.get("suppressions")) for r in run["results"]] == [False, False, False, True]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("lists/domains.txt", 7)
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} >= {"spf-missing", "dkim-key-short"}


def test_sarif_has_no_location_for_what_stands_in_no_file() -> None:
    data = audits()
    del data[1]["source"]
    assert not [r for r in sarif(data)["results"] if "locations" in r]
    assert sarif([data[0]])["results"] == []
    assert sarif([])["results"] == []


def test_fingerprints_stay_when_only_numbers_change() -> None:
    def prints(**args: Any) -> list[dict[str, str]]:
        data = [{**audits()[0], "checks": [check("dkim", "warn", finding("dkim-key-short", "warning", "x", **args))]}]
        return [r["partialFingerprints"] for r in sarif(data)["results"]]

    assert prints(selector="s1", bits=1024) == prints(selector="s1", bits=768) != prints(selector="s2", bits=1024)


def test_github_annotations_are_ten_of_a_kind_and_cannot_be_forged() -> None:
    many = [{**audits()[1], "domain": f"d{i}.example"} for i in range(30)]
    lines = written(GithubForm(), many).splitlines()
    for kind in ("error", "warning", "notice"):
        assert sum(line.startswith(f"::{kind} ") for line in lines) == 10
    assert "title=deliverkit::" in lines[-1]
    assert all(re.match(r"::(error|warning|notice) (file=[^:,]+,line=\d+,)?title=[^:,]+::", line) for line in lines)


def test_metrics_are_read_by_both_parsers_of_prometheus() -> None:
    text = written(OpenmetricsForm())
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = families["deliverkit_domain_findings"].samples
    assert {s.labels["severity"]: s.value for s in samples if s.labels["domain"] == "shop.example"} == {
        "error": 1,
        "warning": 1,
        "notice": 1,
    }
    assert {s.labels["outcome"]: s.value for s in families["deliverkit_domains"].samples}["fail"] == 1
    # The textfile collector of node_exporter reads the older form, in which the last line is a comment.
    assert {family.name for family in prometheus_families(text)} == set(families)


class Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


def test_html_is_whole_asks_nobody_and_shows_hostile_text_as_text() -> None:
    text = written(HtmlForm())
    page = Page(text)
    assert not page.open
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    asking = {"src", "href", "action", "srcset", "data", "background", "poster"}
    assert not [attrs for _, attrs in page.tags if asking & set(attrs) or any(k.startswith("on") for k in attrs)]
    assert "url(" not in text
    assert "@import" not in text
    assert "<script>alert(1)</script>" in page.text
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_the_policy_of_the_page_allows_its_own_script_and_style() -> None:
    from base64 import b64encode
    from hashlib import sha256

    text = written(HtmlForm())
    for tag in ("script", "style"):
        [inside] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'" in text


def test_json_is_one_document_and_lines_are_one_each() -> None:
    document = json.loads(written(JsonForm()))
    assert document["schema"] == "deliverkit.audit/1"
    assert [audit["domain"] for audit in document["audits"]] == ["good.example", "shop.example", "broken.example"]
    lines = [json.loads(line) for line in written(LinesForm()).splitlines()]
    assert [line["domain"] for line in lines] == [audit["domain"] for audit in document["audits"]]
    assert json.loads(written(JsonForm(), []))["audits"] == []
    assert document["audits"][2]["error"] == EVIL
