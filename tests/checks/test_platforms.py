import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.platforms import MAX_SELECTORS, Mark, detect, fits
from deliverkit.knowledge import load
from deliverkit.net.resolver import Answer, Status

KEY = "v=DKIM1; k=rsa; p=MIIB"


class Zone:
    """A resolver that knows these records, says NXDOMAIN to all else and counts what it was asked."""

    def __init__(self, records, *, cnames=None, failing=()):
        self.records, self.cnames, self.failing = records, cnames or {}, set(failing)
        self.asked = []

    async def query(self, name, rdtype, *, fresh=False, server=None):
        self.asked.append((name, rdtype))
        if (name, rdtype) in self.failing:
            return Answer(name, rdtype, Status.TIMEOUT)
        cname = tuple(self.cnames.get(name, ()))
        found = tuple(self.records.get((name, rdtype), ()))
        return Answer(name, rdtype, Status.NOERROR if found else Status.NXDOMAIN, found, cname=cname)


async def seen(records, **kwargs):
    zone = Zone(records, **kwargs)
    return await detect("shop.example", zone, load())


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("aspmx.l.google.com", "aspmx.l.google.com", True),
        ("alt1.aspmx.l.google.com", "aspmx.l.google.com", True),
        ("evil-aspmx.l.google.com", "aspmx.l.google.com", False),
        ("shop-example.mail.protection.outlook.com", "*.mail.protection.outlook.com", True),
        ("mail.protection.outlook.com", "*.mail.protection.outlook.com", False),
        ("feedback-smtp.eu-west-1.amazonses.com", "feedback-smtp.*.amazonses.com", True),
        ("feedback-smtp.amazonses.com", "feedback-smtp.*.amazonses.com", False),
        ("a.b.c.feedback-smtp.eu.west.amazonses.com", "feedback-smtp.*.amazonses.com", True),
        ("", "google.com", False),
    ],
)
def test_host_patterns_match_on_label_boundaries(name, pattern, expected):
    assert fits(name, pattern) is expected


@given(st.text(max_size=300))
def test_any_name_can_be_compared(name):
    assert isinstance(fits(name, "feedback-smtp.*.amazonses.com"), bool)


@pytest.mark.parametrize(
    ("records", "platform", "mark"),
    [
        ({("shop.example", "MX"): ["1 aspmx.l.google.com"]}, "google_workspace", Mark.MX),
        ({("shop.example", "TXT"): ["v=spf1 include:_spf.google.com ~all"]}, "google_workspace", Mark.SPF),
        ({("shop.example", "TXT"): ["v=spf1 redirect=_spf.yandex.net"]}, "yandex360", Mark.SPF),
        (
            {("shop.example", "TXT"): ["v=spf1 include:%{i}._ip.%{h}._ehlo.%{d}._spf.vali.email ~all"]},
            "valimail",
            Mark.SPF,
        ),
        ({("shop.example", "TXT"): ["brevo-code:0123456789abcdef"]}, "brevo", Mark.VERIFICATION),
    ],
)
async def test_a_mark_gives_the_platform_away(records, platform, mark):
    found = await seen(records)
    assert [(m.id, m.evidence) for m in found] == [(platform, mark)]
    assert not found.incomplete


async def test_the_strongest_mark_of_a_platform_counts_and_the_strongest_platform_comes_first():
    name = "s1._domainkey.shop.example"
    target = "s1.domainkey.u123.wl045.sendgrid.net"
    found = await seen(
        {
            ("shop.example", "MX"): ["10 mx1.improvmx.com"],
            ("shop.example", "TXT"): ["v=spf1 include:sendgrid.net include:_spf.google.com -all"],
            (name, "TXT"): [KEY],
        },
        cnames={name: [target]},
    )
    assert found.ids == ("sendgrid", "google_workspace", "improvmx")
    first = found.matches[0]
    assert (first.evidence, first.name, first.selector) == (Mark.DKIM_CNAME, target, "s1")
    assert [m.sends for m in found] == [True, True, False]


async def test_a_cname_is_found_without_any_other_mark():
    name = "selector1._domainkey.shop.example"
    found = await seen({}, cnames={name: ["selector1-shop-example._domainkey.tenant.onmicrosoft.com"]})
    assert found.ids == ("microsoft_365",)


async def test_the_longest_pattern_wins():
    found = await seen({("shop.example", "TXT"): ["v=spf1 include:spf.em.secureserver.net -all"]})
    assert found.ids == ("godaddy_wsb",)


async def test_a_shared_mark_belongs_to_the_first_until_the_own_selector_tells():
    spf = {("shop.example", "TXT"): ["v=spf1 include:amazonses.com -all"]}
    assert (await seen(spf)).ids == ("amazon_ses",)
    found = await seen(spf | {("resend._domainkey.shop.example", "TXT"): ["p=MIIB"]})
    assert found.ids == ("resend", "amazon_ses")


async def test_a_plain_key_does_not_prove_a_platform_that_uses_cnames():
    found = await seen(
        {
            ("shop.example", "TXT"): ["v=spf1 include:spf.protection.outlook.com -all"],
            ("selector1._domainkey.shop.example", "TXT"): [KEY],
        }
    )
    assert [(m.id, m.evidence) for m in found] == [("microsoft_365", Mark.SPF)]


async def test_common_selectors_and_search_tokens_prove_nothing():
    found = await seen(
        {
            ("shop.example", "TXT"): ["google-site-verification=abc", "MS=ms123", "v=spf1 ip4:192.0.2.1 -all"],
            ("default._domainkey.shop.example", "TXT"): [KEY],
            ("s1._domainkey.shop.example", "TXT"): [KEY],
        }
    )
    assert found.ids == ()


async def test_a_failure_leaves_fewer_matches_and_says_so():
    records = {("shop.example", "MX"): ["1 aspmx.l.google.com"]}
    found = await seen(records, failing=[("shop.example", "TXT")])
    assert (found.ids, found.incomplete) == (("google_workspace",), True)


async def test_nothing_more_is_asked_where_nobody_answers():
    zone = Zone({}, failing=[("shop.example", "MX"), ("shop.example", "TXT")])
    found = await detect("shop.example", zone, load())
    assert (len(found), found.incomplete, len(zone.asked)) == (0, True, 2)


async def test_the_number_of_questions_is_bounded_whatever_the_domain_says():
    everything = " ".join(f"include:{p}" for x in load().platforms.values() for p in x.spf_include)
    zone = Zone({("shop.example", "TXT"): [f"v=spf1 {everything} -all"] * 500})
    await detect("shop.example", zone, load())
    assert len(zone.asked) <= MAX_SELECTORS + 2
    assert len(zone.asked) == len(set(zone.asked))


@given(st.lists(st.text(max_size=80), max_size=6), st.lists(st.text(max_size=80), max_size=6))
async def test_hostile_records_are_only_no_match(mx, txt):
    zone = Zone({("shop.example", "MX"): mx, ("shop.example", "TXT"): ["v=spf1 " + t for t in txt]})
    assert isinstance((await detect("shop.example", zone, load())).ids, tuple)


def test_every_platform_has_marks_that_can_be_read():
    platforms = load().platforms
    assert len(platforms) == 72
    for platform in platforms.values():
        for pattern in (*platform.spf_include, *platform.mx, *platform.dkim_cname_suffix):
            assert fits(pattern.replace("*", "label"), pattern), (platform.id, pattern)
            assert pattern == pattern.lower()
        assert not any("<" in s for s in platform.dkim_selectors), platform.id
        assert all("<" in s for s in platform.dkim_selector_shapes), platform.id
        assert platform.selector_guess in ("yes", "partly", "no")
        assert platform.selector_guess == "no" or platform.dkim_selectors


def test_notes_belong_to_platforms_that_exist():
    assert set(load().text("platforms")) <= set(load().platforms)


async def test_without_a_suspicion_only_fixed_names_with_a_cname_are_asked_for():
    zone = Zone({})
    await detect("shop.example", zone, load())
    asked = {name.removesuffix("._domainkey.shop.example") for name, _ in zone.asked if "_domainkey" in name}
    worth = [p for p in load().platforms.values() if p.selector_guess == "yes" and p.dkim_cname_suffix]
    assert asked == {s for p in worth for s in p.dkim_selectors[:2]}


async def test_one_failed_selector_leaves_the_result_incomplete():
    found = await seen({}, failing=[("s1._domainkey.shop.example", "TXT")])
    assert (found.ids, found.incomplete) == ((), True)


async def test_names_are_compared_without_case_or_trailing_dot():
    records = {
        ("shop.example", "MX"): ["10 MX1.ImprovMX.com."],
        ("shop.example", "TXT"): ["v=spf1 include:SendGrid.net. -all", "Brevo-Code:0123"],
    }
    assert set((await seen(records)).ids) == {"improvmx", "sendgrid", "brevo"}
