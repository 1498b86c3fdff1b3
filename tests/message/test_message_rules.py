"""Headers, unsubscribing, content and links: each finding is raised by its scenario."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from message_world import BODY, HEAD, PLAIN, delivered, ids, look, shop, signed

from deliverkit.checks import OF_A_MESSAGE, Target, World, check, message_content
from deliverkit.knowledge import load
from deliverkit.message.links import link_of, read_content
from deliverkit.message.mail import read_message
from deliverkit.message.parts import read_parts
from deliverkit.model import Outcome
from deliverkit.net.replay import ReplayResolver
from deliverkit.session import DEMO


def without(name):
    return b"\r\n".join(line for line in PLAIN.split(b"\r\n") if not line.startswith(name + b":"))


def changed(old, new):
    assert old in PLAIN
    return PLAIN.replace(old, new)


ADDED = b"Message-ID: <1@shop.example>"
HEADERS = {
    "message-headers-ok": PLAIN,
    "message-from-missing": without(b"From"),
    "message-from-several-fields": b"From: b@shop.example\r\n" + PLAIN,
    "message-from-invalid": changed(b"<news@shop.example>", b"<news@@shop>"),
    "message-from-several-addresses": changed(b"<news@shop.example>", b"<news@shop.example>, b@shop.example"),
    "message-from-name-address": changed(b"From: Shop", b'From: "service@bank.example"'),
    "message-date-missing": without(b"Date"),
    "message-date-invalid": changed(b"Sun, 22 Nov 2026 06:59:58 +0000", b"yesterday"),
    "message-date-off": delivered(changed(b"22 Nov 2026", b"20 Oct 2026")),
    "message-id-missing": without(b"Message-ID"),
    "message-id-malformed": changed(b"<1@shop.example>", b"1@shop.example"),
    "message-field-doubled": b"Subject: other\r\n" + PLAIN,
    "message-line-too-long": PLAIN + b"a" * 999 + b"\r\n",
    "message-bare-cr": PLAIN + b"a\rb\r\n",
    "message-bare-lf": PLAIN + b"a\nb\r\n",
    "message-nul": PLAIN + b"a\0b\r\n",
    "message-stray-line": b"From: a@shop.example\r\nthis is no header\r\n" + without(b"From"),
    "message-headers-large": b"X-Large: " + b"\r\n ".join([b"a" * 900] * 80) + b"\r\n" + PLAIN,
    "message-headers-eight-bit": changed(b"Your order", "Für dich".encode()),
    "message-subject-missing": without(b"Subject"),
    "message-to-missing": without(b"To"),
    "message-mime-version-missing": without(b"MIME-Version"),
    "message-hops-many": b"Received: by a.example; Sun, 22 Nov 2026 07:00:00 +0000\r\n" * 60 + PLAIN,
    "message-reply-to-differs": b"Reply-To: a@other.example\r\n" + PLAIN,
}


@pytest.mark.parametrize("finding", HEADERS)
async def test_headers(finding):
    assert finding in ids(await look("message-headers", HEADERS[finding]))


@pytest.mark.parametrize(
    "sender",
    [
        b'"Shop, Inc." <news@shop.example>',
        b"=?utf-8?q?B=C3=BCro=2C_Shop?= <news@shop.example>",
        b"news@shop.example",
        b"news@shop.example (Shop)",
        b'"Shop via list@shop.example" <news@mail.shop.example>',
    ],
)
async def test_proper_authors_are_left_alone(sender):
    result = await look("message-headers", changed(b"Shop <news@shop.example>", sender))
    assert ids(result) == ["message-headers-ok"]


async def test_a_file_with_plain_line_ends_was_saved_so():
    assert ids(await look("message-headers", PLAIN.replace(b"\r\n", b"\n"))) == ["message-headers-ok"]


HTTPS = b"List-Unsubscribe: <https://shop.example/u?id=1>\r\n"
POST = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
BOTH = [b"from", b"list-unsubscribe", b"list-unsubscribe-post"]
BULK = b"List-Id: <news.shop.example>\r\n"
UNSUBSCRIBE = {
    "message-unsubscribe-personal": PLAIN,
    "message-unsubscribe-missing": BULK + PLAIN,
    "message-unsubscribe-one-click": signed(HTTPS + POST + PLAIN, fields=BOTH),
    "message-unsubscribe-no-https": b"List-Unsubscribe: <mailto:u@shop.example>\r\n" + POST + PLAIN,
    "message-unsubscribe-no-post": HTTPS + PLAIN,
    "message-unsubscribe-post-wrong": HTTPS + b"List-Unsubscribe-Post: yes\r\n" + PLAIN,
    "message-unsubscribe-not-signed": signed(HTTPS + POST + PLAIN, fields=[b"from", b"list-unsubscribe"]),
    "message-unsubscribe-malformed": b"List-Unsubscribe: https://shop.example/u\r\n" + PLAIN,
    "message-unsubscribe-doubled": HTTPS + HTTPS + PLAIN,
}


@pytest.mark.parametrize("finding", UNSUBSCRIBE)
async def test_unsubscribing(finding):
    assert finding in ids(await look("message-unsubscribe", UNSUBSCRIBE[finding]))


async def test_a_signature_that_fails_covers_nothing():
    data = UNSUBSCRIBE["message-unsubscribe-one-click"].replace(b"Hello", b"Hullo")
    assert ids(await look("message-unsubscribe", data)) == ["message-unsubscribe-not-signed"]


async def test_a_key_that_could_not_be_asked_for_leaves_it_open():
    data, zones = UNSUBSCRIBE["message-unsubscribe-one-click"], shop(s1__domainkey={"status": "timeout"})
    result = await look("message-unsubscribe", data, zones)
    assert (ids(result), result.outcome) == (["message-unsubscribe-unverified"], Outcome.UNKNOWN)


def html(text, more=b""):
    head = HEAD.replace(b"text/plain", b"text/html")
    return more + head + b"\r\n<html><body>" + text + b"</body></html>\r\n"


WORDS = b"Enough words for a reader to see what this is about, and then some more of them to be sure. " * 2
CONTENT = {
    "message-content-ok": PLAIN,
    "message-size-large": PLAIN + b"a\r\n" * 700_000,
    "message-size-refused": PLAIN + b"a\r\n" * 1_400_000,
    "message-html-clipped": html(b"<p>word</p>" * 12_000),
    "message-plain-missing": html(WORDS),
    "message-images-only": html(b"<img src='https://shop.example/a.png'>"),
    "message-html-active": html(WORDS + b"<script>x</script><form></form>"),
    "message-html-hidden": html(WORDS + b"<p style='display:none'>a</p>" * 3),
    "message-content-no-way-out": BULK + PLAIN,
    "message-subject-capitals": changed(b"Your order", b"BUY THIS TODAY"),
    "message-subject-marks": changed(b"Your order", b"Wow!!!"),
    "message-subject-words": changed(b"Your order", b"Congratulations, Anna"),
    "message-subject-false-reply": changed(b"Your order", b"Re: your order"),
    "message-content-phrases": changed(b"Hello Anna", b"Claim your prize"),
    "message-attachment-risky": HEAD.replace(b"text/plain; charset=utf-8", b'multipart/mixed; boundary="x"')
    + b'\r\n--x\r\n\r\nhi\r\n--x\r\nContent-Type: application/octet-stream; name="a.pdf.exe"\r\n\r\nMZ\r\n--x--\r\n',
}


@pytest.mark.parametrize("finding", CONTENT)
async def test_content(finding, monkeypatch):
    monkeypatch.setattr(message_content, "LARGE", 2_000_000)
    monkeypatch.setattr(message_content, "TOO_LARGE", 4_000_000)
    result = await look("message-content", CONTENT[finding])
    assert finding in ids(result)
    hints = [f for f in result.findings if f.id.startswith(("message-subject", "message-content-phrases"))]
    assert all(load().findings[f.id].outcome is Outcome.PASS for f in hints)


async def test_an_answer_may_look_like_one():
    result = await look("message-content", b"In-Reply-To: <a@b.example>\r\n" + CONTENT["message-subject-false-reply"])
    assert "message-subject-false-reply" not in ids(result)


LINKS = {
    "message-links-none": PLAIN,
    "message-link-shortened": html(b"<a href='https://bit.ly/x'>here</a>"),
    "message-link-address": html(b"<a href='https://192.0.2.1/'>here</a>"),
    "message-link-masked": html(b"<a href='https://bank.example@evil.example/'>here</a>"),
    "message-link-misleading": html(b"<a href='https://evil.example/'>www.bank.example/login</a>"),
    "message-link-http": html(b"<a href='http://shop.example/'>here</a>"),
    "message-link-not-checked": html(b"<a href='https://shop.example/'>here</a>"),
    "message-links-many": html(b"".join(b"<img src='https://a%d.example/'>" % i for i in range(30))),
}


@pytest.mark.parametrize("finding", LINKS)
async def test_links(finding):
    assert finding in ids(await look("message-links", LINKS[finding]))


def demo(**listed):
    """The recorded world, with domains put on its lists."""
    world = tomllib.loads((DEMO / "world.toml").read_text(encoding="utf-8"))
    for zone, domain in listed.items():
        world["zone"][zone.replace("_", ".")][domain] = {"A": ["127.0.1.2"]}
    return World(ReplayResolver.from_zones(world), load())


async def test_listed_links():
    text = b"<a href='https://www.listed.example/'>x</a><a href='https://small.example/'>x</a>"
    target = Target(message=read_message(html(text + b"<a href='https://bakery.example/'>x</a>")))
    world = demo(dbl_spamhaus_org="listed.example", rhsbl_scientificspam_net="small.example")
    result = await check("message-links")(target, world)
    found = {finding.id: finding.args["link_domain"] for finding in result.findings}
    assert found["message-link-listed"] == "listed.example"
    assert found["message-link-listed-small"] == "small.example"
    assert result.outcome is Outcome.FAIL


async def test_clean_links():
    target = Target(message=read_message(html(b"<a href='https://www.bakery.example/'>x</a>")))
    assert ids(await check("message-links")(target, demo())) == ["message-links-ok"]


def test_links_of_a_message():
    text = b"see https://a.example/x, or https://b.example/(y)."
    body = b"<a href='HTTPS://C.example:8443/'>c</a><img src=http://d.example/i.png><a href='https://['>x</a>"
    kind = b'Content-Type: multipart/alternative; boundary="q"\r\n\r\n'
    data = kind + b"--q\r\n\r\n" + text + b"\r\n--q\r\nContent-Type: text/html\r\n\r\n" + body + b"\r\n--q--\r\n"
    content = read_content(read_parts(read_message(data)))
    assert [link.host for link in content.links] == ["c.example", "d.example", "", "a.example", "b.example"]
    assert content.images == 1


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"quoted-printable", b"gr=C3=BC=\r\n=C3=9F"),
        (b"base64", "grüß".encode() and b"Z3LDvMOf"),
        (b"8bit", "grüß".encode()),
    ],
)
def test_texts_are_decoded(encoding, body):
    data = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    assert read_parts(read_message(data)).leaves[0].text().strip() == "grüß"


def test_nested_parts_are_bounded_and_in_order():
    inner = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    data = b"".join(inner % (i, i) for i in range(1000)) + b"\r\nend"
    assert read_parts(read_message(data)).cut
    two = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\none\r\n--a\r\n\r\ntwo\r\n--a--\r\n"
    assert [part.text() for part in read_parts(read_message(two)).leaves] == ["one", "two"]
    many = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n\r\nx\r\n" * 5000
    parts = read_parts(read_message(many))
    assert parts.cut
    assert len(parts.leaves) <= 500


HOSTILE = {
    "spaces": b"From: a@b.example\n\n" + b" " * 10_000_000,
    "tags": b"Content-Type: text/html\n\n" + b"<" * 200_000,
    "anchors": b"Content-Type: text/html\n\n" + b"<a href='" * 200_000,
    "sections": b"Content-Type: text/html\n\n" + b"<![x" * 200_000,
    "fields": b"X: y\n" * 50_000,
    "folds": b"X: y\n" + b" z\n" * 50_000,
    "names": b"From: " + b"<a@b.example>," * 50_000 + b"\n\n",
    "signature": b"DKIM-Signature: " + b" " * 200_000 + b"b=\n\n",
    "empty": b"",
    "no headers": b"\n\nhello",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_messages_end(name):
    for one in OF_A_MESSAGE:
        assert (await look(one, HOSTILE[name])).outcome in Outcome


@settings(max_examples=80)
@given(st.binary(max_size=400))
def test_anything_can_be_read(data):
    content = read_content(read_parts(read_message(data)))
    assert all(link_of(link.url).host == link.host for link in content.links)


@settings(max_examples=80)
@given(st.text("<>a/='\" !-[]&;x\n", max_size=200))
def test_any_html_can_be_read(text):
    data = b"Content-Type: text/html\r\n\r\n" + text.encode()
    read_content(read_parts(read_message(data)))


def test_every_finding_of_these_checks_has_a_scenario():
    specs = {spec.id for spec in load().findings.values() if spec.check in OF_A_MESSAGE}
    here = {*HEADERS, *UNSUBSCRIBE, *CONTENT, *LINKS, "message-unsubscribe-unverified"}
    ours = ("message-headers", "message-unsubscribe", "message-content", "message-links")
    wanted = {i for i in specs if load().findings[i].check in ours}
    assert wanted - here == {"message-links-ok", "message-link-listed", "message-link-listed-small"}
    assert BODY in PLAIN
