"""The findings and fixes of mx, ptr and recipient-domain belong together: ids, sentences, placeholders, reasons."""

import re

import pytest

from deliverkit.checks import MODULES
from deliverkit.fixes import Case, Wanted, steps
from deliverkit.knowledge import load
from deliverkit.model import Severity

CHECKS = ("mx", "ptr", "recipient-domain")
FINDINGS = sorted(spec.id for spec in load().findings.values() if spec.check in CHECKS)
FIXES = sorted({fix for finding in FINDINGS for fix in load().findings[finding].fixes})
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
CASE = {"domain", "ip", "ptr_name", "selector", "recipient", "recipient_domain", "mail_from", "helo", "provider"}


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_has_sentences_that_its_arguments_fill(finding):
    spec, text = load().findings[finding], load().text("findings")[finding]
    assert {"title", "summary", "why"} <= set(text) <= {"title", "summary", "why", "harmless"}
    assert finding.startswith(spec.check + "-")
    for sentence in text.values():
        assert set(PLACEHOLDER.findall(sentence)) <= set(spec.args)
        assert sentence == sentence.strip()


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_names_reasons_its_check_can_prove_and_fixes_that_exist(finding):
    spec = load().findings[finding]
    assert spec.fixes or spec.severity is Severity.INFO
    assert spec.references
    assert set(spec.fixes) <= set(load().fixes)
    for reason in spec.explains:
        assert spec.check in load().reasons[reason].checks


@pytest.mark.parametrize("fix", FIXES)
def test_a_fix_has_a_title_and_a_why_for_each_step(fix):
    text = load().text("fixes")[fix]
    assert text["title"]
    assert set(text["steps"]) == {step.id for step in load().fixes[fix].steps}
    assert all(set(step) == {"title", "why"} for step in text["steps"].values())


@pytest.mark.parametrize("fix", FIXES)
def test_the_placeholders_of_a_fix_come_from_the_case_or_from_every_finding_that_asks_for_it(fix):
    asking = [set(load().findings[f].args) for f in FINDINGS if fix in load().findings[f].fixes]
    for step in load().fixes[fix].steps:
        told = load().text("fixes")[fix]["steps"][step.id]
        parts = (step.record_name, step.record_value, step.command, step.url, step.verify, *told.values())
        used = {name for part in parts if part for name in PLACEHOLDER.findall(part)}
        assert not {name for name in used - CASE if not any(name in args for args in asking)}
        assert step.verify_check is None or step.verify_check in MODULES


def records(fix, **values):
    planned = steps([Wanted(fix, "ptr-missing", values)], Case({"domain": "shop.example"}), load())
    return [(s.record.name, s.record.rdtype, s.record.value) for s in planned if s.record]


def test_the_records_of_a_reverse_name_fit_the_family_of_the_ip():
    assert records("ptr-set", ip="192.0.2.10") == [
        ("mail.shop.example", "A", "192.0.2.10"),
        ("10.2.0.192.in-addr.arpa", "PTR", "mail.shop.example"),
    ]
    six = records("ptr-set", ip="2001:db8::10")
    assert [rdtype for _, rdtype, _ in six] == ["AAAA", "PTR"]
    assert six[1][0].endswith(".8.b.d.0.1.0.0.2.ip6.arpa")


def test_what_is_not_known_is_left_to_be_filled_in():
    assert records("ptr-set")[1][0] == "YOUR-PTR-NAME"


@pytest.mark.parametrize("host", ["x.example;reboot", "$(reboot).example", "`reboot`", "a'b", "-f/etc/passwd", "a b"])
def test_what_a_shell_would_act_on_never_reaches_a_command(host):
    planned = steps([Wanted("helo-set", "ptr-helo-invalid", {"host": host})], Case({"domain": "shop.example"}), load())
    commands = [part for step in planned for part in (step.command, step.verify) if part]
    assert any("YOUR-HOST" in command for command in commands)
    assert not any(host in command for command in commands)
