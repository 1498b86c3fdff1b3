"""Every question of a check is lost once, in every way: what was not answered is never absent and never well.

For each domain of the demo's world and each check, question k fails for all k. Then nothing may be claimed that was
not known with all answers, no outcome may get better, and no exit code may become 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from deliverkit.audit import ALL
from deliverkit.checks import Target, World, check
from deliverkit.cli.diagnostics import ExitCode, exit_code
from deliverkit.knowledge import Knowledge
from deliverkit.model import CheckResult, Outcome
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Dnssec, Status
from deliverkit.net.world import World as DnsWorld
from deliverkit.session import DEMO

FAULTS = (Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR)
TARGETS: Mapping[str, Target] = {
    "bakery.example": Target(domain="bakery.example", ips=("192.0.2.20",), helo="mail.bakery.example"),
    "clinic.example": Target(domain="clinic.example"),
    "shop.example": Target(domain="shop.example", ips=("192.0.2.10",)),
    "nospf.example": Target(domain="nospf.example", recipient_domain="nospf.example"),
    "twospf.example": Target(domain="twospf.example"),
    "lookups.example": Target(domain="lookups.example", ips=("192.0.2.32",)),
    "monitor.example": Target(domain="monitor.example"),
    "brokenkey.example": Target(domain="brokenkey.example"),
    "revoked.example": Target(domain="revoked.example", selectors=("mail",)),
    "unaligned.example": Target(domain="unaligned.example", mail_from="bounce.esp.example", ips=("203.0.113.50",)),
    "newsletter.example": Target(domain="newsletter.example"),
    "homeserver.example": Target(domain="homeserver.example"),
    "noptr.example": Target(domain="noptr.example"),
    "nullmx.example": Target(domain="nullmx.example", recipient_domain="nullmx.example"),
    "sub": Target(domain="news.bakery.example", mail_from="bakery.example", ips=("192.0.2.20",)),
}
# More than one of everything: what one answer hides, another must not cover up.
SEVERAL = """
[root]
default = "nxdomain"
[zone."many.example"]
"@" = { TXT = ["v=spf1 a mx redirect=s.many.example"], MX = ["1 m.many.example", "2 s.many.example"], A = ["192.0.2.1"]}
"m" = { A = ["192.0.2.2"], AAAA = ["2001:db8::2"] }
"s" = { TXT = ["v=spf1 ip4:192.0.2.4 a:s.many.example -all"], A = ["192.0.2.5", "192.0.2.3"] }
"_dmarc" = { TXT = ["v=DMARC1; p=reject; sp=none; np=reject; rua=mailto:a@reports.example,mailto:b@many.example"] }
"s1._domainkey" = { CNAME = "s1.keys.example" }
"s2._domainkey" = { CNAME = "s2.keys.example" }
"news" = { TXT = ["v=spf1 redirect=s.many.example"] }
[zone."keys.example"]
"s1" = { TXT = ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="] }
[zone."reports.example"]
"@" = { MX = ["10 mail.reports.example"] }
"mail" = { A = ["198.51.100.9"] }
[zone."half.example"]
"@" = { MX = ["10 gone.half.example", "20 mx.half.example"], TXT = ["v=spf1 mx ~all"] }
"mx" = { A = ["192.0.2.3"] }
[zone."none.example"]
"@" = { TXT = ["x"] }
[zone."2.0.192.in-addr.arpa"]
"1" = { PTR = ["many.example"] }
"2" = { PTR = ["m.many.example"] }
"4" = { PTR = ["nowhere.many.example", "m.many.example"] }
[zone."zen.spamhaus.org"]
"2.0.0.127" = { A = ["127.0.0.2"] }
"3.2.0.192" = { A = ["127.0.0.2"] }
"5.2.0.192" = { A = ["127.0.0.10"] }
[zone."bl.spamcop.net"]
"2.0.0.127" = { A = ["127.0.0.2"] }
[zone."bl.mailspike.net"]
"2.0.0.127" = { A = ["127.0.0.2"] }
[zone."psbl.surriel.com"]
"2.0.0.127" = { A = ["127.0.0.2"] }
"3.2.0.192" = { A = ["127.0.0.2"] }
"4.2.0.192" = { A = ["127.0.0.2"] }
[zone."dbl.spamhaus.org"]
"dbltest.com" = { A = ["127.0.1.2"] }
"many.example" = { A = ["127.0.1.2"] }
[zone."dbl.nordspam.com"]
"test" = { A = ["127.0.0.2"] }
"many.example" = { A = ["127.0.0.2"] }
"""
MANY: Mapping[str, Target] = {
    "own": Target(domain="many.example", selectors=("s1", "s2")),
    "guessed": Target(domain="many.example"),
    "subdomain": Target(domain="news.many.example", ips=("192.0.2.4", "192.0.2.5", "192.0.2.9")),
    "nothing": Target(domain="not.many.example"),
    "half": Target(domain="half.example", recipient_domain="half.example"),
    "none": Target(domain="none.example", recipient_domain="none.example"),
    "typed wrong": Target(domain="mnay.example", recipient_domain="gmial.com"),
    "one ip": Target(ips=("192.0.2.3",), domain="many.example", helo="m.many.example"),
    "small list": Target(ips=("192.0.2.4",), domain="many.example", mail_from="bounce.keys.example"),
}
_RANK = {Outcome.FAIL: 0, Outcome.WARN: 1, Outcome.UNKNOWN: 1, Outcome.PASS: 2, Outcome.NOT_APPLICABLE: 2}
CHECKS = (*ALL, "recipient-domain")


ALIKE = {"ip-blocklists": 12, "domain-blocklists": 12, "dkim": 12}
"""Checks that ask hundreds of names nobody has: so many of them are lost, and all that had an answer or were first."""


class Broken:
    """A resolver that loses one question, by its name and type, and remembers what it was asked."""

    def __init__(self, inner: ReplayResolver, lost: tuple[str, str] | None = None, fault: Status | None = None) -> None:
        self.inner, self.lost, self.fault = inner, lost, fault
        self.asked: dict[tuple[str, str], Answer] = {}

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        if (name, rdtype) == self.lost and self.fault:
            return Answer(name, rdtype, self.fault)
        answer = await self.inner.query(name, rdtype, fresh=fresh, server=server, dnssec=dnssec)
        self.asked[name, rdtype] = answer
        return answer


@pytest.fixture(scope="module")
def dns() -> DnsWorld:
    return DnsWorld.read(DEMO / "world.toml")


def _claims(result: CheckResult, knowledge: Knowledge) -> set[str]:
    """What a result says is wrong."""
    bad = (Outcome.FAIL, Outcome.WARN)
    return {f.id for f in result.findings if knowledge.findings[f.id].outcome in bad}


def _worth_losing(name: str, asked: Mapping[tuple[str, str], Answer]) -> list[tuple[str, str]]:
    """All questions; of those that are alike, some from everywhere."""
    few = ALIKE.get(name) or max(len(asked), 1)
    absent = [question for number, question in enumerate(asked) if number >= few and not asked[question].records]
    spared = set(absent) - set(absent[:: len(absent) // few + 1])
    return [question for question in asked if question not in spared]


LISTED = ("newsletter.example", "homeserver.example", "shop.example")
"""The domains whose IPs the lists say something about."""


@pytest.mark.parametrize(
    ("case", "name"), [(c, n) for c in TARGETS for n in CHECKS if c in LISTED or not n.endswith("blocklists")]
)
async def test_a_lost_answer_is_neither_absence_nor_health(
    case: str, name: str, dns: DnsWorld, knowledge: Knowledge
) -> None:
    await _lose_each(TARGETS[case], name, dns, knowledge)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("case", MANY)
async def test_nor_does_it_cover_up_another(case: str, name: str, knowledge: Knowledge) -> None:
    await _lose_each(MANY[case], name, DnsWorld.read(SEVERAL), knowledge)


async def _lose_each(target: Target, name: str, dns: DnsWorld, knowledge: Knowledge) -> None:
    run = check(name)
    whole = Broken(ReplayResolver(dns))
    before = await run(target, World(whole, knowledge))
    code = exit_code([before], "error", silent=False)
    for number, question in enumerate(_worth_losing(name, whole.asked)):
        # Where hundreds of questions are alike, one way to fail each is enough.
        faults = FAULTS if number < 12 and "blocklists" not in name else (FAULTS[number % 4],)
        for fault in faults:
            after = await run(target, World(Broken(ReplayResolver(dns), question, fault), knowledge))
            where = f"{question} {fault}: {[f.id for f in before.findings]} {[f.id for f in after.findings]}"
            assert _claims(after, knowledge) <= _claims(before, knowledge), where
            told = {knowledge.findings[f.id].outcome for f in after.findings}
            if before.outcome is not Outcome.WARN:
                assert not (_RANK[before.outcome] < 2 <= _RANK[after.outcome]), where
            elif name != "recipient-domain":
                # There the other hosts take the mail, whatever became of this one. Of a small list that was lost
                # while the main ones answered it is enough to say so.
                assert after.outcome is not Outcome.PASS or Outcome.UNKNOWN in told, where
            assert not (before.outcome is Outcome.UNKNOWN and after.outcome is Outcome.WARN), where
            assert not (code and exit_code([after], "error", silent=False) is ExitCode.CLEAN), where


async def test_with_no_answer_at_all_nothing_is_claimed(dns: DnsWorld, knowledge: Knowledge) -> None:
    class Dead:
        async def query(self, name: str, rdtype: str, **options: object) -> Answer:
            return Answer(name, rdtype, Status.TIMEOUT)

    for target in TARGETS.values():
        for name in CHECKS:
            result = await check(name)(target, World(Dead(), knowledge))
            assert not _claims(result, knowledge), (name, result.findings)
            assert result.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE), name
