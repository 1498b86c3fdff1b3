"""The order in which one answer is judged: errors before codes, silence never as clean."""

from __future__ import annotations

import pytest
from blocklist_world import catalogue
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.checks.blocklist_answer import Health, Listing, Reading, Why, judge, read
from deliverkit.knowledge.schema_dns import Blocklist, CodeKind
from deliverkit.net.resolver import Answer, Status

NAME = "10.2.0.192.zen.spamhaus.org"


def answer(*records: str, status: Status = Status.NOERROR) -> Answer:
    return Answer(NAME, "A", status, records)


def lst(name: str) -> Blocklist:
    return catalogue()[name]


HELD = Reading(Listing.LISTED, ("127.0.0.2",))
GONE = Reading(Listing.NOT_LISTED)
PROVED = Health(HELD, GONE)


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.SERVFAIL, Status.REFUSED, Status.ERROR, Status.NODATA])
def test_no_answer_and_an_empty_answer_are_failures(status: Status) -> None:
    assert judge(answer(status=status), lst("spamhaus-zen"), PROVED).state is Listing.FAILED


def test_noerror_without_records_is_a_failure() -> None:
    assert read(answer(), lst("spamhaus-zen")).state is Listing.FAILED


def test_records_that_are_no_addresses_are_a_failure() -> None:
    assert read(answer("127.0.0.2", "example.com"), lst("spamhaus-zen")).state is Listing.FAILED


@pytest.mark.parametrize(
    ("name", "records", "state"),
    [
        # outside 127.0.0.0/8
        ("spamhaus-zen", ["203.0.113.80"], Listing.HIJACKED),
        ("spamhaus-zen", ["0.0.0.0"], Listing.HIJACKED),
        ("spamhaus-zen", ["127.0.0.2", "203.0.113.80"], Listing.HIJACKED),
        ("spamcop", ["146.112.61.108"], Listing.HIJACKED),
        # error codes and error networks, also beside listings
        ("spamhaus-zen", ["127.255.255.254"], Listing.REFUSED),
        ("spamhaus-zen", ["127.255.255.252"], Listing.REFUSED),
        ("spamhaus-zen", ["127.255.255.1"], Listing.REFUSED),
        ("spamhaus-zen", ["127.0.0.4", "127.255.255.255"], Listing.REFUSED),
        ("spamhaus-dqs-zen", ["127.255.255.250"], Listing.REFUSED),
        ("spamhaus-dbl", ["127.0.1.255"], Listing.REFUSED),
        ("spamhaus-dqs-zrd", ["127.0.2.255"], Listing.REFUSED),
        ("dnswl", ["127.0.0.255"], Listing.REFUSED),
        ("dnswl", ["127.0.10.3"], Listing.REFUSED),
        # every bit of the last octet is set, and still it is a refusal
        ("senderscore-bl", ["127.255.255.255"], Listing.REFUSED),
        ("surbl-multi", ["127.0.0.1"], Listing.REFUSED),
        ("surbl-multi", ["127.0.0.9"], Listing.REFUSED),
        ("uribl-multi", ["127.0.0.1"], Listing.REFUSED),
        # 127.0.0.1: a refusal, unless the list says otherwise
        ("spamhaus-zen", ["127.0.0.1"], Listing.REFUSED),
        ("rfc-clueless", ["127.0.0.1"], Listing.REFUSED),
        ("dnswl", ["127.0.0.1"], Listing.REFUSED),
        ("sem-uribl", ["127.0.0.1"], Listing.REFUSED),
        ("senderscore-bl", ["127.0.0.1"], Listing.LISTED),
        ("efnet", ["127.0.0.1"], Listing.LISTED),
        ("zspam-bl", ["127.0.0.1"], Listing.LISTED),
        ("hostkarma", ["127.0.0.1"], Listing.GOOD),
        # codes
        ("spamhaus-zen", ["127.0.0.2"], Listing.LISTED),
        ("spamhaus-zen", ["127.0.0.9", "127.0.0.2"], Listing.LISTED),
        ("spamhaus-zen", ["127.0.0.10"], Listing.POLICY),
        ("spamhaus-zen", ["127.0.0.10", "127.0.0.4"], Listing.LISTED),
        ("spamhaus-dqs-zen", ["127.0.0.11"], Listing.POLICY),
        ("spamhaus-dbl", ["127.0.1.102"], Listing.LISTED),
        ("uceprotect-3", ["127.0.0.2"], Listing.POLICY),
        ("mailspike-rep", ["127.0.0.20"], Listing.GOOD),
        ("mailspike-rep", ["127.0.0.15"], Listing.NEUTRAL),
        ("hostkarma", ["127.0.0.1", "127.0.2.1"], Listing.GOOD),
        # bits
        ("surbl-multi", ["127.0.0.64"], Listing.LISTED),
        ("surbl-multi", ["127.0.0.4"], Listing.POLICY),
        ("uribl-multi", ["127.0.0.14"], Listing.LISTED),
        ("uribl-multi", ["127.0.0.12"], Listing.POLICY),
        ("senderscore-bl", ["127.0.0.20"], Listing.LISTED),
        # octets
        ("spamhaus-dqs-zrd", ["127.0.2.24"], Listing.POLICY),
        ("spamhaus-dqs-zrd", ["127.0.2.25"], Listing.UNKNOWN_CODE),
        ("dnswl", ["127.0.5.2"], Listing.GOOD),
        ("dnswl", ["127.0.21.2"], Listing.UNKNOWN_CODE),
        ("dnswl", ["127.0.5.4"], Listing.UNKNOWN_CODE),
        ("senderscore-score", ["127.0.4.99"], Listing.NEUTRAL),
        ("senderscore-score", ["127.0.4.101"], Listing.UNKNOWN_CODE),
        ("spfbl", ["127.0.0.4"], Listing.POLICY),
        ("blocklist-de", ["127.0.0.25"], Listing.LISTED),
        # anything else inside 127.0.0.0/8 is shown, not guessed
        ("spamhaus-zen", ["127.0.0.77"], Listing.UNKNOWN_CODE),
        ("spamhaus-zen", ["127.0.0.2", "127.0.0.77"], Listing.LISTED),
        ("spamcop", ["127.255.255.254"], Listing.UNKNOWN_CODE),
        ("surbl-multi", ["127.0.0.2"], Listing.UNKNOWN_CODE),
        ("surbl-multi", ["127.0.1.64"], Listing.UNKNOWN_CODE),
        ("senderscore-bl", ["127.0.1.2"], Listing.UNKNOWN_CODE),
        ("suomispam-bl", ["127.0.0.99"], Listing.UNKNOWN_CODE),
        ("swinog-dnsrbl", ["127.0.0.2"], Listing.UNKNOWN_CODE),
        ("dronebl", ["127.0.0.1"], Listing.UNKNOWN_CODE),
    ],
)
def test_an_answer_is_read_as_its_list_means_it(name: str, records: list[str], state: Listing) -> None:
    reading = judge(answer(*records), lst(name), PROVED)
    assert reading.state is state
    assert set(reading.codes) == set(records)


def test_each_bit_is_named() -> None:
    assert [c.label for c in read(answer("127.0.0.14"), lst("uribl-multi")).hits] == ["black", "grey", "red"]
    assert [c.label for c in read(answer("127.0.0.4", "127.0.0.10"), lst("spamhaus-zen")).hits] == ["XBL", "PBL"]


@pytest.mark.parametrize(
    ("present", "absent", "state", "why"),
    [
        (HELD, GONE, Listing.NOT_LISTED, None),
        (HELD, None, Listing.NOT_LISTED, None),
        (Reading(Listing.UNKNOWN_CODE), GONE, Listing.NOT_LISTED, None),
        (GONE, GONE, Listing.NOT_KNOWN, Why.EMPTY),
        (None, GONE, Listing.NOT_KNOWN, Why.NO_TEST_POINT),
        (None, None, Listing.NOT_KNOWN, Why.NO_TEST_POINT),
        (Reading(Listing.FAILED), GONE, Listing.FAILED, Why.SILENT),
        (Reading(Listing.REFUSED), GONE, Listing.REFUSED, None),
        (Reading(Listing.HIJACKED), GONE, Listing.HIJACKED, None),
        (HELD, HELD, Listing.NOT_KNOWN, Why.ANSWERS_EVERYTHING),
        (HELD, Reading(Listing.HIJACKED), Listing.HIJACKED, None),
        (HELD, Reading(Listing.REFUSED), Listing.REFUSED, None),
    ],
)
def test_nxdomain_counts_only_when_the_list_proved_itself(
    present: Reading | None, absent: Reading | None, state: Listing, why: Why | None
) -> None:
    reading = judge(answer(status=Status.NXDOMAIN), lst("spamhaus-zen"), Health(present, absent))
    assert (reading.state, reading.why) == (state, why)


@pytest.mark.parametrize(
    ("present", "absent", "state"),
    [
        (HELD, GONE, Listing.LISTED),
        (Reading(Listing.FAILED), GONE, Listing.LISTED),
        (GONE, GONE, Listing.LISTED),
        (None, None, Listing.LISTED),
        (HELD, HELD, Listing.NOT_KNOWN),
        (HELD, Reading(Listing.FAILED), Listing.NOT_KNOWN),
        (Reading(Listing.REFUSED), GONE, Listing.REFUSED),
        (Reading(Listing.HIJACKED), HELD, Listing.HIJACKED),
    ],
)
def test_a_listing_counts_unless_the_list_answers_everything(
    present: Reading | None, absent: Reading | None, state: Listing
) -> None:
    reading = judge(answer("127.0.0.4"), lst("spamhaus-zen"), Health(present, absent))
    assert reading.state is state
    assert reading.codes == ("127.0.0.4",)


octet = st.integers(0, 255)


@given(st.sampled_from(sorted(catalogue())), st.lists(st.tuples(octet, octet, octet), min_size=1, max_size=4))
def test_whatever_is_answered_a_refusal_is_never_a_listing(name: str, tails: list[tuple[int, int, int]]) -> None:
    blocklist = lst(name)
    records = [f"127.{a}.{b}.{c}" for a, b, c in tails]
    reading = read(answer(*records), blocklist)
    assert reading.state is not Listing.NOT_LISTED
    errors = {c.a for c in blocklist.codes if c.kind is CodeKind.ERROR}
    if errors & set(records) or (blocklist.error_net and any(r.startswith("127.255.255.") for r in records)):
        assert reading.state is Listing.REFUSED


@given(st.sampled_from(sorted(catalogue())), st.ip_addresses(v=4).filter(lambda ip: not ip.is_loopback))
def test_an_address_outside_127_is_never_a_listing(name: str, ip: object) -> None:
    assert read(answer("127.0.0.2", str(ip)), lst(name)).state is Listing.HIJACKED
