"""A list of addresses judged: syntax, domains, slips, duplicates; order and bytes kept."""

import csv
import io

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from deliverkit.addresses.clean import BLOCK, Cleaner
from deliverkit.addresses.domains import Domains, Typos, mail_of
from deliverkit.addresses.syntax import mailbox_key, read_address
from deliverkit.addresses.table import open_table
from deliverkit.addresses.verdict import Reason, Verdict, verdict_of
from deliverkit.checks.typos import nearest
from deliverkit.errors import FileError, InputError
from deliverkit.knowledge import load
from deliverkit.net.replay import ReplayResolver
from deliverkit.net.resolver import Answer, Status
from deliverkit.report.addresses import csv_head, csv_row

ZONES = {
    "good.example": {"@": {"MX": ["10 mx.good.example"]}},
    "null.example": {"@": {"MX": ["0 ."]}},
    "web.example": {"@": {"A": ["192.0.2.80"]}},
    "six.example": {"@": {"AAAA": ["2001:db8::80"]}},
    "empty.example": {"@": {"TXT": ["x"]}},
    "broken.example": {"@": {"status": "servfail"}},
    "slow.example": {"@": {"status": "timeout"}},
    "refused.example": {"@": {"status": "refused"}},
    "gmail.com": {"@": {"MX": ["5 mx.gmail.com"]}},
    "gmial.com": {"@": {"MX": ["5 mx.parked.example"]}},
}


class Counting:
    """A resolver that counts the questions."""

    def __init__(self, inner):
        self.inner = inner
        self.asked = []

    async def query(self, name, rdtype, **more):
        self.asked.append((name, rdtype))
        return await self.inner.query(name, rdtype)


def world():
    return Counting(ReplayResolver.from_zones({"zone": ZONES, "root": {"default": "nxdomain"}}))


def table_of(text, column=None):
    return open_table(io.StringIO(text, newline=""), "list", column)


async def clean(text, resolver=None, column=None):
    """The judged addresses of a list."""
    _, records = table_of(text, column)
    cleaner = Cleaner(load(), Domains(load(), resolver or world()))
    return [judged async for _, judged in cleaner.online(records)]


@pytest.mark.parametrize(
    ("domain", "verdict", "reasons"),
    [
        ("good.example", Verdict.OK, ()),
        ("null.example", Verdict.UNDELIVERABLE, (Reason.NULL_MX,)),
        ("nowhere.example", Verdict.UNDELIVERABLE, (Reason.NO_DOMAIN,)),
        ("empty.example", Verdict.UNDELIVERABLE, (Reason.NO_MAIL,)),
        ("web.example", Verdict.RISKY, (Reason.FALLBACK,)),
        ("six.example", Verdict.RISKY, (Reason.FALLBACK,)),
        ("broken.example", Verdict.UNKNOWN, (Reason.UNANSWERED,)),
        ("slow.example", Verdict.UNKNOWN, (Reason.UNANSWERED,)),
        ("refused.example", Verdict.UNKNOWN, (Reason.UNANSWERED,)),
    ],
)
async def test_domains(domain, verdict, reasons):
    [judged] = await clean(f"anna@{domain}")
    assert (judged.verdict, judged.reasons) == (verdict, reasons)


class Fails:
    """MX says that there is none; what then fails proves nothing."""

    async def query(self, name, rdtype, **more):
        status = Status.NODATA if rdtype in ("MX", "A") else Status.SERVFAIL
        return Answer(name, rdtype, status)


async def test_a_failed_question_is_never_proof():
    assert await mail_of("x.example", Fails()) == (Reason.UNANSWERED,)


async def test_one_question_a_domain():
    resolver = world()
    await clean("\n".join(f"user{i}@good.example" for i in range(BLOCK * 3)), resolver)
    assert resolver.asked == [("good.example", "MX")]


async def test_only_proof_makes_undeliverable():
    proof = {Reason.EMPTY, Reason.SYNTAX, Reason.DOMAIN_SYNTAX, Reason.NO_DOMAIN, Reason.NULL_MX, Reason.NO_MAIL}
    assert {r for r in Reason if verdict_of((r,)) is Verdict.UNDELIVERABLE} == proof
    assert verdict_of((Reason.UNANSWERED, Reason.ROLE)) is Verdict.UNKNOWN
    assert verdict_of((Reason.DUPLICATE, Reason.SAME_MAILBOX)) is Verdict.OK


async def test_order_is_kept_over_blocks():
    names = [f"user{i}@{'slow' if i % 7 else 'good'}.example" for i in range(BLOCK + 50)]
    assert [judged.address for judged in await clean("\n".join(names))] == names


@pytest.mark.parametrize(
    ("given_", "suggestion"),
    [
        ("bob@gmial.com", "bob@gmail.com"),
        ("bob@hotmial.com", "bob@hotmail.com"),
        ("bob@yahoo.con", "bob@yahoo.com"),
        ("bob@yaho.com", "bob@yahoo.com"),
    ],
)
async def test_slips_are_told_with_what_was_meant(given_, suggestion):
    [judged] = await clean(given_)
    assert judged.suggestion == suggestion
    assert Reason.TYPO in judged.reasons


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.ca", "hotmail.it", "gmx.de", "email.com", "mail.de", "gmx.at"])
def test_other_providers_are_no_slips(domain):
    assert Domains(load(), None).judge_offline(domain).suggestion is None


@settings(max_examples=100)
@given(
    st.sampled_from(load().mailbox_domains),
    st.lists(st.tuples(st.integers(0, 14), st.sampled_from("ax.-")), max_size=3),
)
def test_slips_are_found_as_by_comparing_with_all(domain, edits):
    for place, letter in edits:
        domain = domain[:place] + letter + domain[place + (place % 2) :]
    known = load().mailbox_domains
    assert Typos(known).nearest(domain) == nearest(domain, known)


async def test_role_and_throw_away_addresses():
    found = await clean("info@good.example\nINFO+x@good.example\nanna@mailinator.com\nanna@x.mailinator.com")
    assert [Reason.ROLE in judged.reasons for judged in found] == [True, True, False, False]
    assert [Reason.DISPOSABLE in judged.reasons for judged in found] == [False, False, True, True]


async def test_duplicates_by_case_and_hints_for_one_mailbox():
    found = await clean(
        "a.b@gmail.com\nA.B@GMAIL.com\nab@gmail.com\na.b+x@gmail.com\na.b@good.example\nab@good.example"
    )
    twice = [[r for r in judged.reasons if r in (Reason.DUPLICATE, Reason.SAME_MAILBOX)] for judged in found]
    assert twice == [[], [Reason.DUPLICATE], [Reason.SAME_MAILBOX], [Reason.SAME_MAILBOX], [], []]


def test_mailbox_keys():
    assert mailbox_key("A.b+c", "googlemail.com") == mailbox_key("ab", "gmail.com")
    assert mailbox_key("+", "x.example") == "+@x.example"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("anna@good.example", "anna@good.example"),
        ("  Anna@Good.Example \r", "Anna@good.example"),
        ('"Last, Anna" <anna@good.example>', "anna@good.example"),
        ("mailto:anna@good.example", "anna@good.example"),
        ("anna@bücher.example", "anna@bücher.example"),
        ("anna@xn--bcher-kva.example", "anna@bücher.example"),
        ("\ufeffanna@good.example", "anna@good.example"),
        ("o'neil+tag@good.example", "o'neil+tag@good.example"),
    ],
)
def test_addresses(text, address):
    assert read_address(text).address == address


@pytest.mark.parametrize(
    "text",
    [
        "anna",
        "@good.example",
        "anna@",
        "a b@good.example",
        "anna@good",
        "anna@192.0.2.1",
        "anna@[192.0.2.1]",
        "a..b@good.example",
        ".a@good.example",
        "anna@-good.example",
        "a@b@good.example",
        "x" * 65 + "@good.example",
        "a@" + "b" * 64 + ".example",
        "anna@good..example",
        "anna@good.example, bob@good.example",
        "a" * 5000,
    ],
)
def test_no_addresses(text):
    found = read_address(text)
    assert found.address is None
    assert verdict_of(found.reasons) is Verdict.UNDELIVERABLE


@settings(max_examples=150)
@given(
    st.one_of(
        st.emails(),
        st.text("ab.-_+'@1é\" \\", max_size=30),
        st.from_regex(r"[a-z.+'-]{1,8}@[a-z0-9.-]{1,12}", fullmatch=True),
    )
)
def test_plain_addresses_are_judged_as_email_validator_does(text):
    try:
        validate_email(text, strict=True, check_deliverability=False, globally_deliverable=False)
        valid = True
    except EmailNotValidError:
        valid = False
    found = read_address(text)
    if valid:
        domain = text.rpartition("@")[2]
        assert found.address is not None or "." not in domain.replace("。", ".") or domain.rpartition(".")[2].isdigit()
    elif found.address is not None:
        # Forgiven: what stands around an address, and quoted local parts.
        assert text.strip() != text or '"' in text or "<" in text


CSV = (
    'name;Email;note\r\n"A; b";anna@good.example;"he said ""hi"""\r\nB;bob@nowhere.example\r\n"C\r\nD";c@good.example;x'
)


async def test_a_table_comes_back_as_it_was():
    table, records = table_of(CSV)
    cleaner = Cleaner(load(), Domains(load(), world()))
    rows = [(csv_row(table, record, judged), record.end) async for record, judged in cleaner.online(records)]
    text = csv_head(table) + "\r\n" + "".join(row + end for row, end in rows)
    before, after = (list(csv.reader(io.StringIO(t, newline=""), delimiter=";")) for t in (CSV, text))
    assert [row[:3] for row in after] == [row + [""] * (3 - len(row)) for row in before]
    assert [row[3] for row in after] == ["verdict", "ok", "undeliverable", "ok"]
    assert {len(row) for row in after} == {7}
    assert '"A; b";anna@good.example;"he said ""hi""";ok' in text


@settings(max_examples=80)
@given(st.lists(st.lists(st.text('ab@,;"\n\r é=', max_size=8), min_size=3, max_size=3), min_size=1, max_size=6))
def test_any_table_comes_back_as_it_was(rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "email", "note"], *rows])
    table, records = table_of(out.getvalue())
    cleaner = Cleaner(load(), Domains(load(), None))
    lines = [csv_head(table) + "\r\n"]
    lines += [csv_row(table, record, judged) + record.end for record, judged in cleaner.offline(records)]
    back = list(csv.reader(io.StringIO("".join(lines), newline="")))
    assert [row[:3] for row in back[1:]] == list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]
    assert all(row[3] in set(Verdict) for row in back[1:])


@pytest.mark.parametrize(
    ("text", "column", "name"),
    [
        ("a,b\n1,x@good.example\n", None, None),
        ("id,E-Mail\n1,x@good.example\n", None, "E-Mail"),
        ("id,work\n1,x@good.example\n", "work", "work"),
        ("id,work\n1,x@good.example\n", "2", "work"),
        ("1,x@good.example\n", None, "2"),
        ("email\nx@good.example\n", None, "email"),
        ("x@good.example\ny@good.example\n", None, "1"),
    ],
)
def test_the_column_is_named_or_found(text, column, name):
    if name is None:
        with pytest.raises(InputError):
            table_of(text, column)
        return
    table, records = table_of(text, column)
    assert table.name == name
    assert next(records).given == "x@good.example"


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n"])
def test_nothing_to_judge(text):
    with pytest.raises(InputError):
        table_of(text)


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line():
    _, records = table_of('email,x\na@good.example,1\nb@good.example,"2\n' + "c\n" * 10)
    with pytest.raises(FileError, match="list:3"):
        list(records)


def test_formulas_never_reach_a_spreadsheet_from_our_columns():
    table, records = table_of("=cmd@good.example\n")
    cleaner = Cleaner(load(), Domains(load(), None))
    [(record, judged)] = cleaner.offline(records)
    cells = next(csv.reader([csv_row(table, record, judged)]))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


async def test_what_is_remembered_is_bounded():
    domains = Domains(load(), world(), kept=10)
    await domains.judge(f"d{i}.example" for i in range(50))
    assert domains.remembered("d0.example") is None
    assert domains.remembered("d49.example") is not None


def test_every_reason_is_said(knowledge):
    texts = knowledge.text("addresses")
    assert set(texts["reasons"]) == set(Reason)
    assert set(texts["verdicts"]) == set(Verdict)


def test_lists_are_clean(knowledge):
    for each in knowledge.word_lists.values():
        assert len(set(each.words)) == len(each.words)
        assert all(word == word.lower() for word in each.words)
        assert each.source
        assert each.as_of
