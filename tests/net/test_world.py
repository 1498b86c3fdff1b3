"""The hand-written world: the format that the demo and most tests are written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliverkit.errors import FileError
from deliverkit.net import open_resolver
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Status

WORLD = """
about = "a shop"

[zone."shop.example"]
ttl = 600
negative_ttl = 60
"@" = { TXT = ["v=spf1 include:_spf.example.net -all"], MX = ["10 MX.shop.example.", "20 mx2.shop.example"] }
"_dmarc" = { status = "nxdomain", then = { TXT = ["v=DMARC1; p=reject"] } }
"www" = { CNAME = "shop.example", ttl = 30 }
"away" = { CNAME = "elsewhere.example.org" }
"a" = { CNAME = "b.shop.example" }
"b" = { CNAME = "a.shop.example" }
"slow" = { status = "timeout" }
"half" = { A = ["192.0.2.81"], TXT = { status = "servfail" } }
"deep.down.below" = { A = "192.0.2.82", AAAA = "2001:DB8:0::1" }
"*.wild" = { A = ["192.0.2.83"] }
"there.wild" = { TXT = ["x"] }
"null" = { MX = ["0 ."] }
"full.shop.example." = { A = ["192.0.2.84"] }
"x.gone" = { status = "nxdomain", then = { A = "192.0.2.85" } }
"often" = { A = "192.0.2.1", then = [{ A = "192.0.2.2" }, { status = "refused" }, { A = [] }] }

[zone."sub.shop.example"]
status = "servfail"

[zone."2.0.192.in-addr.arpa"]
"10" = { PTR = ["mail.shop.example"] }

[zone."bl.example.net"]
"2.0.0.127" = { A = ["127.0.0.2"], TXT = ["listed"] }
"""


@pytest.fixture
def world() -> ReplayResolver:
    return ReplayResolver.from_zones(WORLD)


@pytest.mark.parametrize(
    ("name", "rdtype", "status", "records"),
    [
        ("Shop.Example.", "txt", Status.NOERROR, ("v=spf1 include:_spf.example.net -all",)),
        ("shop.example", "MX", Status.NOERROR, ("10 mx.shop.example", "20 mx2.shop.example")),
        ("shop.example", "AAAA", Status.NODATA, ()),
        ("shop.example", "SOA", Status.NOERROR, ("ns.shop.example hostmaster.shop.example 1 3600 600 604800 60",)),
        ("none.shop.example", "A", Status.NXDOMAIN, ()),
        ("down.below.shop.example", "A", Status.NODATA, ()),
        ("below.shop.example", "TXT", Status.NODATA, ()),
        ("deep.down.below.shop.example", "AAAA", Status.NOERROR, ("2001:db8::1",)),
        ("x.deep.down.below.shop.example", "A", Status.NXDOMAIN, ()),
        ("slow.shop.example", "A", Status.TIMEOUT, ()),
        ("half.shop.example", "A", Status.NOERROR, ("192.0.2.81",)),
        ("half.shop.example", "TXT", Status.SERVFAIL, ()),
        ("any.wild.shop.example", "A", Status.NOERROR, ("192.0.2.83",)),
        ("any.more.wild.shop.example", "A", Status.NOERROR, ("192.0.2.83",)),
        ("any.wild.shop.example", "TXT", Status.NODATA, ()),
        ("there.wild.shop.example", "A", Status.NODATA, ()),
        ("x.there.wild.shop.example", "A", Status.NXDOMAIN, ()),
        ("wild.shop.example", "A", Status.NODATA, ()),
        ("x.gone.shop.example", "A", Status.NXDOMAIN, ()),
        ("gone.shop.example", "A", Status.NXDOMAIN, ()),
        ("null.shop.example", "MX", Status.NOERROR, ("0 .",)),
        ("full.shop.example", "A", Status.NOERROR, ("192.0.2.84",)),
        ("sub.shop.example", "A", Status.SERVFAIL, ()),
        ("x.sub.shop.example", "A", Status.SERVFAIL, ()),
        ("10.2.0.192.in-addr.arpa", "PTR", Status.NOERROR, ("mail.shop.example",)),
        ("2.0.0.127.bl.example.net", "A", Status.NOERROR, ("127.0.0.2",)),
        ("1.0.0.127.bl.example.net", "A", Status.NXDOMAIN, ()),
        ("www.shop.example", "CNAME", Status.NOERROR, ("shop.example",)),
        ("a.shop.example", "A", Status.ERROR, ()),
        ("example.org", "A", Status.ERROR, ()),
        ("a..b", "A", Status.ERROR, ()),
        ("x" * 64 + ".shop.example", "A", Status.ERROR, ()),
        ("", "A", Status.ERROR, ()),
    ],
)
async def test_a_question_gets_what_dns_would_say(
    world: ReplayResolver, name: str, rdtype: str, status: Status, records: tuple[str, ...]
) -> None:
    answer = await world.query(name, rdtype)
    assert (answer.status, answer.records) == (status, records)
    assert (answer.rdtype, answer.server) == (rdtype.upper(), "replay")


async def test_cname_is_followed_with_the_smallest_ttl(world: ReplayResolver) -> None:
    answer = await world.query("www.shop.example", "TXT")
    assert (answer.status, answer.cname, answer.ttl) == (Status.NOERROR, ("shop.example",), 30)
    nodata = await world.query("www.shop.example", "A")
    assert (nodata.status, nodata.cname, nodata.ttl) == (Status.NODATA, ("shop.example",), 30)
    away = await world.query("away.shop.example", "A")
    assert (away.status, away.cname) == (Status.ERROR, ("elsewhere.example.org",))


async def test_ttls_of_records_and_absence(world: ReplayResolver) -> None:
    assert (await world.query("shop.example", "MX")).ttl == 600
    assert (await world.query("no.shop.example", "MX")).ttl == 60
    assert (await world.query("slow.shop.example", "MX")).ttl is None


async def test_a_long_chain_ends(world: ReplayResolver) -> None:
    zone = {f"n{i}": {"CNAME": f"n{i + 1}.shop.example"} for i in range(10)} | {"n10": {"A": ["192.0.2.1"]}}
    chained = ReplayResolver.from_zones({"zone": {"shop.example": zone}})
    assert (await chained.query("n0.shop.example", "A")).status is Status.ERROR
    assert (await chained.query("n2.shop.example", "A")).status is Status.NOERROR


async def test_later_looks_come_with_fresh_questions_only(world: ReplayResolver) -> None:
    async def ask(fresh: bool = False, server: str | None = None) -> Status:
        return (await world.query("_dmarc.shop.example", "TXT", fresh=fresh, server=server)).status

    assert [await ask(), await ask()] == [Status.NXDOMAIN, Status.NXDOMAIN]
    assert await ask(fresh=True, server="192.0.2.1") is Status.NOERROR
    assert [await ask(), await ask(fresh=True)] == [Status.NOERROR, Status.NOERROR]


async def test_a_first_question_is_the_first_look_even_if_fresh(world: ReplayResolver) -> None:
    seen = [await world.query("often.shop.example", "A", fresh=True) for _ in range(5)]
    assert [a.status for a in seen] == [
        Status.NOERROR,
        Status.NOERROR,
        Status.REFUSED,
        Status.NODATA,
        Status.NODATA,
    ]
    assert [a.records for a in seen[:2]] == [("192.0.2.1",), ("192.0.2.2",)]


async def test_outside_all_zones_is_nxdomain_only_when_the_world_says_so() -> None:
    closed = ReplayResolver.from_zones({"root": {"default": "nxdomain"}, "zone": {"shop.example": {}}})
    assert (await closed.query("example.org", "A")).status is Status.NXDOMAIN
    rooted = ReplayResolver.from_zones({"zone": {".": {"example": {"A": "192.0.2.1"}}}})
    assert (await rooted.query("example", "A")).records == ("192.0.2.1",)
    assert (await rooted.query("org", "A")).status is Status.NXDOMAIN
    assert (await rooted.query(".", "A")).status is Status.NODATA


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[zone]\n= 3", "line 2"),
        ("[zones]", "zones"),
        ('schema = "deliverkit.world/9"', "schema"),
        ('[root]\ndefault = "maybe"', "root"),
        ('[zone."a..b"]', '"a..b"'),
        ("zone = 3", "zone"),
        ('[zone."x.example"]\nwww = "192.0.2.1"', "www"),
        ('[zone."x.example"]\nttl = "soon"', "ttl"),
        ('[zone."x.example"]\nttl = true', "ttl"),
        ('[zone."x.example"]\nstatus = "noerror"', "status"),
        ('[zone."x.example"]\n"w" = { txt = ["x"] }', "txt"),
        ('[zone."x.example"]\n"w" = { TXT = [1] }', "TXT"),
        ('[zone."x.example"]\n"w" = { TXT = { recs = ["x"] } }', "recs"),
        ('[zone."x.example"]\n"w" = { A = ["2001:db8::1"] }', "A"),
        ('[zone."x.example"]\n"w" = { A = ["localhost"] }', "A"),
        ('[zone."x.example"]\n"w" = { MX = ["mx.x.example"] }', "MX"),
        ('[zone."x.example"]\n"w" = { MX = [""] }', "MX"),
        ('[zone."x.example"]\n"w" = { CNAME = "y.example", TXT = ["x"] }', "w"),
        ('[zone."x.example"]\n"w" = { CNAME = ["y.example", "z.example"] }', "CNAME"),
        ('[zone."x.example"]\n"w.y.example." = { A = "192.0.2.1" }', "w.y.example."),
        ('[zone."x.example"]\n"w" = {}\n"W" = {}', "W"),
        ('[zone."x.example"]\n[zone."X.example"]', "X.example"),
        ('[zone."x.example"]\n"w" = { then = [3] }', "then"),
        (f'[zone."x.example"]\n"w" = {{ TXT = {["x"] * 501} }}', "TXT"),
    ],
)
def test_a_malformed_world_names_the_key(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(text)
    with pytest.raises(FileError) as caught:
        ReplayResolver.load(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)
    assert caught.value.advice


async def test_a_toml_file_to_replay_is_a_world(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(WORLD)
    async with open_resolver(replay=path) as resolver:
        assert (await resolver.query("shop.example", "MX")).found


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * (8 * 1024 * 1024 + 1), b"a = " + b"[" * 5000])
def test_a_file_that_cannot_be_read_is_a_file_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "world.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError):
        ReplayResolver.load(path)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["timeout", "192.0.2.1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["A", "TXT", "MX", "then", "ttl", "status", "@", "w"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["zone", "root", "schema"]), _VALUES | st.dictionaries(st.text(), _VALUES)))
async def test_any_data_is_a_world_or_a_file_error(data: dict[str, object]) -> None:
    try:
        world = ReplayResolver.from_zones(data)
    except FileError:
        return
    assert (await world.query("w.shop.example", "A")).rdtype == "A"
