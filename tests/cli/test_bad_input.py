"""Bad input: one clear sentence on stderr, exit 2, and JSON still JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "Ran"]  # noqa: F821

BAD = {
    "no-command": ["no-such-command"],
    "no-text": ["explain"],
    "empty-text": ["explain", "  "],
    "no-such-option": ["explain", "--nope", "550"],
    "not-a-domain": ["audit", "not a domain"],
    "single-label": ["audit", "localhost"],
    "ip-as-domain": ["audit", "192.0.2.1"],
    "no-domain": ["audit"],
    "private-ip": ["diagnose", "550 5.7.1 blocked", "--ip", "10.0.0.1"],
    "loopback-ip": ["blocklists", "127.0.0.1"],
    "not-an-ip": ["diagnose", "550 5.7.1 blocked", "--ip", "1.2.3"],
    "bad-selector": ["audit", "example.com", "-s", "a b"],
    "unknown-check": ["audit", "example.com", "--checks", "spff"],
    "check-of-a-message": ["audit", "example.com", "--checks", "spf,message-dkim"],
    "check-of-a-recipient": ["audit", "example.com", "--checks", "recipient-domain"],
    "missing-file": ["explain", "-i", "/no/such/file"],
    "missing-replay": ["audit", "example.com", "--replay", "/no/such/file.json"],
    "bad-nameserver": ["audit", "example.com", "-n", "not a server"],
    "bad-scheme": ["audit", "example.com", "-n", "ftp://192.0.2.1"],
    "missing-rules": ["explain", "550", "--rules", "/no/such/rules.toml"],
    "unknown-code": ["codes", "9.9.9"],
    "unknown-finding": ["findings", "no-such-finding"],
    "unknown-fix": ["fix", "no-such-fix"],
    "unknown-language": ["explain", "550", "--lang", "xx"],
    "bad-format": ["explain", "550", "--format", "yaml"],
}


@pytest.mark.parametrize("argv", BAD.values(), ids=BAD.keys())
def test_exit_2_and_one_clear_sentence(deliverkit: Run, argv: list[str]) -> None:
    ran = deliverkit(*argv)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("deliverkit: ")
    assert "Traceback" not in ran.err
    assert len(ran.err.splitlines()) <= 3


@pytest.mark.parametrize("argv", [v for k, v in BAD.items() if k != "bad-format"])
def test_json_stays_json(deliverkit: Run, argv: list[str]) -> None:
    ran = deliverkit(*argv, "--format", "json")
    assert ran.code == 2
    assert ran.json["schema"].startswith("deliverkit.")
    assert ran.json["error"]["exit_code"] == 2
    assert ran.json["error"]["message"]


def test_a_ten_megabyte_paste_is_refused_at_once(deliverkit: Run) -> None:
    ran = deliverkit("explain", "-", stdin=b"550 5.7.1 no\n" * 800_000)
    assert ran.code == 2
    assert "1,000,000" in ran.err


def test_a_malformed_rule_file_is_named_with_key_and_line(deliverkit: Run, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    lines = [
        "[[rule]]",
        'id = "mine.one"',
        'pattern = "[unclosed"',
        'reason = "blocked.ip_listed"',
        'examples = ["550 x"]',
    ]
    rules.write_text("\n".join(lines))
    ran = deliverkit("explain", "550 x", "--rules", str(rules))
    assert ran.code == 2
    assert str(rules) in ran.err
    assert ":3" in ran.err
    assert "pattern" in ran.err


def test_a_result_is_written_whole_or_not_at_all(deliverkit: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    assert deliverkit("explain", "550 5.1.1 User unknown", "--format", "json", "-o", str(target)).code == 0
    assert target.read_text().startswith("{")
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]
    ran = deliverkit("explain", "550 5.1.1 User unknown", "-o", str(tmp_path / "no" / "such" / "dir.txt"))
    assert ran.code == 2
