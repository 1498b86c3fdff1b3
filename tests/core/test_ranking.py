"""What the checks prove, leave open or refute: sure only of what DNS can tell, and only about what the reply names."""

from __future__ import annotations

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.pasted import read_bounces
from deliverkit.checks import Target, World
from deliverkit.diagnosis import diagnose
from deliverkit.knowledge import Knowledge
from deliverkit.model import Diagnosis, Outcome, Owner, Proof
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.world import World as DnsWorld

IP, OTHER = "192.0.2.10", "192.0.2.77"
HEALTHY = f"""
[root]
default = "nxdomain"
[zone."shop.example"]
"@" = {{ TXT = ["v=spf1 ip4:{IP} -all"], MX = ["10 mail.shop.example"] }}
"mail" = {{ A = ["{IP}"] }}
"s1._domainkey" = {{ TXT = ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="] }}
"_dmarc" = {{ TXT = ["v=DMARC1; p=reject; rua=mailto:d@shop.example"] }}
[zone."2.0.192.in-addr.arpa"]
"10" = {{ PTR = ["mail.shop.example"] }}
[zone."client.example"]
"@" = {{ MX = ["10 mx.client.example"] }}
"mx" = {{ A = ["198.51.100.1"] }}
"""
ZEN = '[zone."zen.spamhaus.org"]\n"2.0.0.127" = { A = ["127.0.0.2"] }\n'
COP = '[zone."bl.spamcop.net"]\n"2.0.0.127" = { A = ["127.0.0.2"] }\n'
SMALL = '[zone."psbl.surriel.com"]\n"2.0.0.127" = { A = ["127.0.0.2"] }\n'
LISTED = '"10.2.0.192" = { A = ["127.0.0.2"] }\n'
HERE = Target(domain="shop.example", ips=(IP,), selectors=("s1",))


async def told(reply: str, knowledge: Knowledge, world: str = HEALTHY, target: Target = HERE, *asked: str) -> Diagnosis:
    [bounce] = read_bounces(reply)
    resolver = ReplayResolver(DnsWorld.read(world))
    return await diagnose(bounce, default_classifier(), target, World(resolver, knowledge), asked=asked)


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <a@client.example>: Recipient address rejected: User unknown",
        "554 5.7.1 Message rejected as spam by Content Filtering",
        "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
        "451 4.7.1 Greylisting in action, please come back later",
        "550-5.7.1 [192.0.2.10] likely suspicious due to the very low reputation of the sending IP address. - gsmtp",
        "550 5.7.1 Unfortunately, messages from [192.0.2.10] weren't sent: it is on our block list (S3140).",
        "4.4.1 connect to mx.client.example[198.51.100.1]:25: Connection timed out",
        "550 5.7.1 DKIM signature did not verify",
    ],
)
async def test_a_healthy_domain_refutes_nothing_that_dns_cannot_see(reply: str, knowledge: Knowledge) -> None:
    lists = ZEN + COP
    target = Target(**{**_fields(HERE), "recipient_domain": "client.example"})
    found = await told(reply, knowledge, HEALTHY + lists, target)
    assert Proof.CONTRADICTED not in {c.proof for c in found.causes}


def _fields(target: Target) -> dict[str, object]:
    return {name: getattr(target, name) for name in ("domain", "ips", "selectors")}


@pytest.mark.parametrize(
    ("reply", "lists", "proof"),
    [
        ("blocked using zen.spamhaus.org", ZEN + LISTED, Proof.PROVEN),
        ("blocked using zen.spamhaus.org", ZEN, Proof.CONTRADICTED),
        ("blocked using zen.spamhaus.org", '[zone."zen.spamhaus.org"]\nstatus = "timeout"\n', Proof.CONSISTENT),
        ("blocked using sbl.spamhaus.org", ZEN + LISTED, Proof.PROVEN),
        ("blocked using bl.private.example", ZEN + COP, Proof.CONSISTENT),
        ("blocked using bl.private.example", ZEN + LISTED, Proof.CONSISTENT),
    ],
)
async def test_only_the_list_that_the_reply_names_decides(
    reply: str, lists: str, proof: Proof, knowledge: Knowledge
) -> None:
    text = f"554 5.7.1 Service unavailable; Client host [{IP}] {reply}"
    found = await told(text, knowledge, HEALTHY + lists, Target(ips=(IP,)))
    assert found.verdict.reason == "blocked.ip_listed"
    assert next(c for c in found.causes if c.reason == "blocked.ip_listed" and not _foreign(c)).proof is proof


def _foreign(cause: object) -> bool:
    """The listings that the reply does not speak of."""
    return bool(getattr(cause, "findings", ())) and getattr(cause, "proof", None) is not Proof.PROVEN


async def test_another_list_proves_nothing_about_the_one_named(knowledge: Knowledge) -> None:
    text = f"554 5.7.1 Service unavailable; Client host [{IP}] blocked using zen.spamhaus.org"
    found = await told(text, knowledge, HEALTHY + ZEN + COP + LISTED, Target(ips=(IP,)))
    assert Proof.PROVEN not in {c.proof for c in found.causes}
    assert "blocklist-ip-listed" in {f.id for c in found.causes for f in c.findings}


async def test_the_ip_that_was_refused_is_asked_about_whatever_was_typed(knowledge: Knowledge) -> None:
    text = f"554 5.7.1 Service unavailable; Client host [{IP}] blocked using zen.spamhaus.org"
    found = await told(text, knowledge, HEALTHY + ZEN + LISTED, Target(ips=(OTHER,)))
    assert found.causes[0].proof is Proof.PROVEN
    assert {f.args["ip"] for f in found.causes[0].findings} == {IP}


async def test_a_listing_of_another_ip_proves_nothing(knowledge: Knowledge) -> None:
    text = f"554 5.7.1 Service unavailable; Client host [{OTHER}] blocked using zen.spamhaus.org"
    found = await told(text, knowledge, HEALTHY + ZEN + LISTED, Target(ips=(IP,)))
    assert Proof.PROVEN not in {c.proof for c in found.causes}


async def test_a_small_list_is_no_proof_while_none_is_named(knowledge: Knowledge) -> None:
    text = f"554 5.7.1 Your IP {IP} is on a blocklist"
    found = await told(text, knowledge, HEALTHY + ZEN + SMALL + LISTED, Target(ips=(IP,)))
    assert found.verdict.category == "blocked"
    assert Proof.PROVEN not in {c.proof for c in found.causes}


async def test_faults_of_another_kind_are_no_cause_of_this_refusal(knowledge: Knowledge) -> None:
    broken = HEALTHY.replace(f"v=spf1 ip4:{IP} -all", "v=spf1 -all")
    text = "550 5.1.1 <a@client.example>: Recipient address rejected: User unknown"
    found = await told(text, knowledge, broken, HERE, "spf", "recipient-domain")
    assert [c.reason for c in found.causes] == ["invalid_address.unknown_user"]
    assert next(c for c in found.checks if c.check == "spf").outcome is Outcome.FAIL
    assert found.steps[0].id.startswith("address-")
    assert any(s.id.startswith("spf-add-sender.") for s in found.steps)


async def test_what_the_reply_names_fills_the_gaps(knowledge: Knowledge) -> None:
    text = "550 5.7.509 Access denied, sending domain shop.example does not pass DMARC verification"
    found = await told(text, knowledge, HEALTHY, Target())
    assert {c.subject for c in found.checks} == {"shop.example"}


async def test_a_domain_that_was_not_refused_refutes_nothing(knowledge: Knowledge) -> None:
    text = "550 5.7.509 Access denied, sending domain other.example does not pass DMARC verification"
    found = await told(text, knowledge)
    assert Proof.CONTRADICTED not in {c.proof for c in found.causes}


async def test_a_record_that_is_there_refutes_its_absence_whatever_else(knowledge: Knowledge) -> None:
    text = "550 5.7.1 Sender domain has no DMARC record"
    found = await told(text, knowledge, HEALTHY, Target(domain="shop.example"))
    if found.verdict.reason == "dmarc.no_record":
        assert found.causes[0].proof is Proof.CONTRADICTED


ESP = """
[zone."esp.example"]
"bounce" = { TXT = ["v=spf1 ip4:203.0.113.0/24 -all"] }
"""
NO_PTR = "550-5.7.25 [{ip}] The IP address sending this message does not have a PTR record setup. - gsmtp"
UNAUTHENTICATED = "550-5.7.26 Your email has been blocked because the sender is unauthenticated. - gsmtp"
POLICY = "550 5.7.1 Email rejected per DMARC policy for shop.example"


async def test_an_ip_in_the_words_of_the_reply_is_the_one_that_is_asked_about(knowledge: Knowledge) -> None:
    right = await told(NO_PTR.format(ip=IP), knowledge, HEALTHY, Target(domain="shop.example"))
    assert [c.proof for c in right.causes] == [Proof.CONTRADICTED]
    assert [s.record for s in right.steps if s.record] == []
    wrong = await told(NO_PTR.format(ip=OTHER), knowledge, HEALTHY, Target(domain="shop.example"))
    assert {f.args["ip"] for f in wrong.causes[0].findings} == {OTHER}
    assert wrong.causes[0].proof is Proof.PROVEN


async def test_the_receiver_s_address_is_not_taken_for_ours(knowledge: Knowledge) -> None:
    text = "4.4.1 connect to mx.client.example[198.51.100.1]:25: Connection timed out"
    found = await told(text, knowledge, HEALTHY, Target(domain="shop.example"), "ptr")
    assert {f.args.get("ip") for c in found.checks for f in c.findings} <= {None, IP}


async def test_a_domain_in_the_words_of_the_reply_fills_the_gap(knowledge: Knowledge) -> None:
    found = await told(POLICY, knowledge, HEALTHY, Target(ips=(IP,), selectors=("s1",)))
    assert found.causes[0].proof is Proof.CONTRADICTED
    assert "shop.example" in {c.subject for c in found.checks}


async def test_what_is_contradicted_leads_to_the_unaligned_sender(knowledge: Knowledge) -> None:
    found = await told(POLICY, knowledge)
    assert found.causes[0].proof is Proof.CONTRADICTED
    assert any(s.id.startswith("dmarc-align.") for s in found.steps)


async def test_the_record_of_a_platform_is_the_platform_s(knowledge: Knowledge) -> None:
    target = Target(domain="shop.example", ips=("198.51.100.5",), mail_from="bounce.esp.example")
    found = await told(UNAUTHENTICATED, knowledge, HEALTHY + ESP, target)
    spf = [s for s in found.steps if s.id.startswith("spf-add-sender.")]
    assert spf
    assert {s.owner for s in spf} == {Owner.SENDING_PLATFORM}
    assert [s.record for s in spf if s.record] == []


async def test_proven_causes_come_first_whatever_weighs_more_elsewhere(knowledge: Knowledge) -> None:
    target = Target(domain="shop.example", ips=("203.0.113.5",), mail_from="bounce.esp.example")
    found = await told(POLICY, knowledge, HEALTHY + ESP, target)
    assert found.causes[0].proof is Proof.PROVEN
    assert found.steps[0].id.startswith("dmarc-align.")


async def test_nothing_is_published_in_a_domain_that_does_not_exist(knowledge: Knowledge) -> None:
    found = await told(UNAUTHENTICATED, knowledge, HEALTHY, Target(domain="shpo.example", ips=(IP,)))
    assert {s.id.partition(".")[0] for s in found.steps} == {"spf-check-domain"}


async def test_a_greeting_that_is_not_known_still_gets_its_steps(knowledge: Knowledge) -> None:
    found = await told("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", knowledge)
    assert found.causes[0].proof is Proof.CONSISTENT
    assert any(s.id.startswith("helo-set.") for s in found.steps)


async def test_no_record_is_proposed_beside_an_alias(knowledge: Knowledge) -> None:
    world = HEALTHY.replace('"mail" =', '"send" = { CNAME = "bounce.esp.example" }\n"mail" =') + ESP
    target = Target(domain="shop.example", ips=("198.51.100.5",), mail_from="send.shop.example")
    found = await told(UNAUTHENTICATED, knowledge, world, target)
    assert found.causes[0].proof is Proof.PROVEN
    assert [s.record for s in found.steps if s.record and s.record.name == "send.shop.example"] == []


async def test_an_open_question_leads_to_asking_again(knowledge: Knowledge) -> None:
    text = f"554 5.7.1 Service unavailable; Client host [{IP}] blocked using zen.spamhaus.org"
    refused = ZEN + LISTED.replace("127.0.0.2", "127.255.255.254")
    found = await told(text, knowledge, HEALTHY + refused, Target(ips=(IP,)))
    assert found.causes[0].proof is Proof.CONSISTENT
    assert any(s.id.startswith("blocklist-ask-properly.") for s in found.steps)


async def test_the_sender_that_a_list_of_domains_refused_is_asked_about(knowledge: Knowledge) -> None:
    text = "554 5.7.1 Service unavailable; Sender address [news@shop.example] blocked using dbl.spamhaus.org"
    listed = '[zone."dbl.spamhaus.org"]\n"dbltest.com" = { A = ["127.0.1.2"] }\n'
    found = await told(text, knowledge, HEALTHY + listed + '"shop.example" = { A = ["127.0.1.2"] }\n', Target())
    assert found.causes[0].proof is Proof.PROVEN
    clean = await told(text, knowledge, HEALTHY + listed, Target())
    assert [c.proof for c in clean.causes if not c.findings] == [Proof.CONTRADICTED]


async def test_a_list_of_ips_that_is_named_leaves_no_domain_open(knowledge: Knowledge) -> None:
    listed = '[zone."dbl.spamhaus.org"]\n"dbltest.com" = { A = ["127.0.1.2"] }\n'
    text = f"554 5.7.1 Service unavailable; Client host [{IP}] blocked using zen.spamhaus.org"
    found = await told(text, knowledge, HEALTHY + ZEN + LISTED + listed, HERE, "domain-blocklists")
    assert "blocklist-domain-heavy-unknown" not in {f.id for c in found.checks for f in c.findings}
