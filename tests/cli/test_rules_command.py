"""Rules out to mail servers and in again, as a user does it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.bounces.matcher import compile_pattern
from deliverkit.bounces.reply import parse_reply
from deliverkit.bounces.rule_dialects import DialectError, javascript, rust, tokens
from deliverkit.bounces.rule_export import Part, Target, export, ours
from deliverkit.bounces.user_rules import load_rules, read_rules
from deliverkit.cli.main import run
from deliverkit.errors import KnowledgeError
from deliverkit.knowledge import load

OWN = """provider = "gmail"
[[rule]]
id = "own.noon"
pattern = 'come back at (?P<limit>noon|[a-c, ]{1,3})'
reason = "rate_limit.greylisted"
code = 451
examples = ["451 4.7.1 Please come back at noon"]
"""
KUMO = """[rules]
BadDomain = ['^550 5\\.1\\.2 ', 'no such host']
InvalidRecipient = ["(?i)not one of our people"]
"dmarc.policy" = ['refused by the domain in From']
"""


def cli(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def lines_of(text: str) -> list[tuple[str, list[str]]]:
    """``(rule id, fields)`` of ZoneMTA's form."""
    body = text.splitlines()[3:]
    return [(body[n][2:], body[n + 1].split(",")) for n in range(0, len(body), 2)]


def test_every_rule_of_ours_can_be_said_in_kumomta_s_form_and_matches_its_examples() -> None:
    made = export(ours(), Target.KUMOMTA)
    assert made.left_out == ()
    classes = tomllib.loads(made.text)["rules"]
    assert sum(map(len, classes.values())) == made.count == len(load().rules)
    by_rule = {rule.id: rule for rule in load().rules}
    written = {}
    for line in made.text.splitlines():
        pattern, _, name = line.strip().rpartition(", # ")
        if name in by_rule:
            written[name] = tomllib.loads(f"x = {pattern}")["x"]
    assert written.keys() == by_rule.keys()
    for name, pattern in written.items():
        compiled = compile_pattern(pattern)
        for example in load().rule_info[name].examples:
            assert compiled.search(parse_reply(example).text.encode()), (name, pattern)


def test_kumomta_s_expressions_keep_to_what_rust_knows() -> None:
    for rule in load().rules:
        for kind, text in tokens(rust(rule.pattern).removeprefix("(?i)")):
            assert kind != "char" or text not in "{}", rule.id
            if kind == "set":
                inside = text[1:-1].removeprefix("^")
                assert not inside.startswith("]"), rule.id
                assert all(op not in inside for op in ("&&", "--", "~~")), rule.id
            if kind == "escape":
                assert text[1] in "bBdDwWsSntrfvAzxpP" or not text[1].isalnum(), rule.id


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_zonemta_s_expressions_match_their_examples_in_javascript(tmp_path: Path) -> None:
    made = export(ours(), Target.ZONEMTA)
    cases = [
        [name, fields[0], parse_reply(example).text]
        for name, fields in lines_of(made.text)
        for example in load().rule_info[name].examples
    ]
    data = tmp_path / "cases.json"
    data.write_text(json.dumps(cases))
    script = (
        "const cases = JSON.parse(require('fs').readFileSync(process.argv[1]));"
        "const wrong = cases.filter(([id, re, text]) => !new RegExp(re).test(text) || !new RegExp(re).test("
        "text.toLowerCase()) && new RegExp(re, 'i').test(text.toLowerCase()));"
        "console.log(JSON.stringify(wrong.map(c => c[0])));"
    )
    done = subprocess.run(["node", "-e", script, str(data)], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []
    assert len(cases) > 1000


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_zonemta_s_expressions_do_not_run_away_on_hostile_words(tmp_path: Path) -> None:
    # JavaScript's engine backtracks: an expression that can read one text in many ways would never come back.
    data = tmp_path / "expressions.json"
    data.write_text(json.dumps([fields[0] for _name, fields in lines_of(export(ours(), Target.ZONEMTA).text)]))
    script = (
        "const texts = ['a', 'mail ', 'user user1 ', '<', 'the message limit ', '1.2.3.4 '].map("
        "word => '550 5.7.1 ' + word.repeat(60));"
        "for (const re of JSON.parse(require('fs').readFileSync(process.argv[1])))"
        "for (const text of texts) new RegExp(re).test(text);"
    )
    subprocess.run(["node", "-e", script, str(data)], timeout=60, check=True)


def test_zonemta_s_lines_have_four_fields_and_known_words() -> None:
    made = export(ours(), Target.ZONEMTA)
    words = {word for words in load().vocabularies["zonemta"].words.values() for word in words}
    reasons = {rule.id: rule.reason for rule in load().rules}
    for name, fields in lines_of(made.text):
        assert len(fields) == 4, name
        assert fields[1] in ("reject", "defer", "slowdown"), name
        assert fields[2] in words, name
    unsaid = {reasons[name].partition(".")[0] for name in made.left_out}
    assert unsaid <= {"not_a_bounce", "mailbox_unavailable"}


def test_what_is_exported_loads_again_with_the_same_reason_where_a_class_says_it(tmp_path: Path) -> None:
    path = tmp_path / "kumo.toml"
    path.write_text(export(ours(Part.PROVIDERS), Target.KUMOMTA).text)
    found = load_rules(path)
    assert len(found) == len(ours(Part.PROVIDERS))
    assert {rule.reason for rule in found} <= set(load().reasons)
    assert "sender_setup.no_ptr" in {rule.reason for rule in found}


@given(st.text(st.sampled_from("ab,[]{}()|?*+^$.\\0129-~&#/ é"), max_size=12))
@settings(max_examples=120, deadline=None)
def test_a_pattern_is_put_into_pieces_without_loss_and_never_breaks_the_line(pattern: str) -> None:
    assert "".join(text for _kind, text in tokens(pattern)) == pattern
    try:
        compile_pattern(pattern)
        made = javascript(pattern), rust(pattern)
    except (DialectError, re2.error):
        return
    assert "," not in made[0]
    assert "\n" not in made[0]
    compile_pattern(made[1])


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ("ab", "[aA][bB]"),
        ("(?P<ip>x)", "(?:[xX])"),
        (r"\d{2,3}", r"(?:\d{2}(?:\d)?)"),
        (r"[a-c,]", r"[a-cA-C\x2c]"),
        (r"\Ano\z", "^[nN][oO]$"),
        ("(?i)x", "[xX]"),
    ],
)
def test_javascript_has_other_words(pattern: str, made: str) -> None:
    assert javascript(pattern) == made


@pytest.mark.parametrize("pattern", [r"\pL", "(?s:x)", "[[:cntrl:]]"])
def test_what_javascript_cannot_say_is_an_error(pattern: str) -> None:
    with pytest.raises(DialectError):
        javascript(pattern)


@pytest.mark.parametrize("target", ["kumomta", "zonemta"])
def test_export_writes_a_file_and_tells_what_it_left_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, target: str
) -> None:
    path = tmp_path / "out"
    code, out, err = cli(capsys, "rules", "export", "--to", target, "--provider", "gmail", "-o", str(path))
    assert (code, out) == (0, "")
    assert "gmail." in path.read_text()
    assert "yahoo." not in path.read_text()
    assert err


def test_one_s_own_rules_are_listed_checked_and_exported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    assert cli(capsys, "rules", "check", str(path))[0] == 0
    code, out, _ = cli(capsys, "rules", "list", str(path), "--format", "json")
    (entry,) = json.loads(out)["rules"]
    assert (code, entry["id"], entry["code"]) == (0, "own.noon", 451)
    code, out, _ = cli(capsys, "rules", "export", "--to", "kumomta", str(path))
    (pattern,) = tomllib.loads(out)["rules"]["TransientFailure"]
    assert compile_pattern(pattern).search(b"451 4.7.1 Please come back at noon")
    assert not compile_pattern(pattern).search(b"551 4.7.1 Please come back at noon")


def test_kumomta_s_files_are_rules_of_the_user(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "kumo.toml"
    path.write_text(KUMO)
    assert [(rule.id, rule.reason) for rule, _info in read_rules(path)] == [
        ("own.kumomta.BadDomain.1", "invalid_address.unknown_domain"),
        ("own.kumomta.BadDomain.2", "invalid_address.unknown_domain"),
        ("own.kumomta.InvalidRecipient.1", "invalid_address.unknown_user"),
        ("own.kumomta.dmarc.policy.1", "dmarc.policy"),
    ]
    code, out, _ = cli(capsys, "explain", "--rules", str(path), "--format", "json", "550 She is NOT one of our people")
    (found,) = json.loads(out)["results"]
    assert (code, found["reason"], found["evidence"]["rule"]) == (
        0,
        "invalid_address.unknown_user",
        "own.kumomta.InvalidRecipient.1",
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[rules]\nBadDomian = ['x']\n", "BadDomian"),
        ("[rules]\nSubscribe = ['x']\n", "Subscribe"),
        ("[rules]\nBadDomain = 'x'\n", "BadDomain"),
        ("[rules]\nBadDomain = [1]\n", "BadDomain"),
        ("[rules]\nBadDomain = ['ok', '(?=x)']\n", "expression 2"),
        ("rules = ['x']\n", "rules"),
        ("x = 1\n[rules]\nBadDomain = ['x']\n", "'x'"),
    ],
)
def test_what_is_wrong_with_such_a_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "kumo.toml"
    path.write_text(text)
    with pytest.raises(KnowledgeError) as caught:
        load_rules(path)
    assert named in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize(
    "arguments",
    [
        ("rules", "list", "--provider", "gmial"),
        ("rules", "list", "--reason", "dmarc.polcy"),
        ("rules", "export", "--to", "exim"),
        ("rules", "check", "/nowhere.toml"),
        ("rules", "check"),
    ],
)
def test_mistakes_end_with_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, out, err = cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err
