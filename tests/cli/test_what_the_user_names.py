"""What people type for a name: the name of a record, a greeting that no server may use, nothing that DNS could tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Run = Callable[..., "Ran"]  # noqa: F821
DEMO = ("--replay", "demo", "--format", "json")


@pytest.mark.parametrize("name", ["shop.example.", "_dmarc.shop.example", "s1._domainkey.shop.example", "SHOP.example"])
def test_the_name_of_a_record_means_its_domain(name: str, deliverkit: Run) -> None:
    ran = deliverkit("audit", name, "--checks", "spf,dkim,dmarc", *DEMO)
    assert ran.json["audits"][0]["domain"] == "shop.example"
    if "_domainkey" in name:
        dkim = next(c for c in ran.json["audits"][0]["checks"] if c["check"] == "dkim")
        assert "dkim-selector-missing" in {f["id"] for f in dkim["findings"]}


@pytest.mark.parametrize(
    ("helo", "finding"),
    [("localhost", "ptr-helo-invalid"), ("[192.0.2.10]", "ptr-helo-literal"), ("192.0.2.10", "ptr-helo-literal")],
)
def test_a_greeting_is_judged_not_refused(helo: str, finding: str, deliverkit: Run) -> None:
    argv = ("audit", "shop.example", "--ip", "192.0.2.20", "--checks", "ptr", "--helo", helo)
    [ptr] = deliverkit(*argv, *DEMO).json["audits"][0]["checks"]
    assert finding in {f["id"] for f in ptr["findings"]}


@pytest.mark.parametrize("helo", ["two words", " ", "mail\x1b[31m.example"])
def test_what_cannot_be_sent_as_a_greeting_is_refused(helo: str, deliverkit: Run) -> None:
    assert deliverkit("audit", "shop.example", "--helo", helo, *DEMO).code == 2


def test_a_cause_that_dns_has_no_say_in_is_not_incomplete(deliverkit: Run) -> None:
    ran = deliverkit("diagnose", "452 4.2.2 The email account is over quota", "-d", "shop.example", *DEMO)
    assert ran.code == 0
    assert "--domain" not in ran.err
    assert deliverkit("diagnose", "550 5.7.26 unauthenticated sender - gsmtp", *DEMO).code == 3
