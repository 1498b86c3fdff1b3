"""``deliverkit suppression``: which addresses must not be mailed, why, and what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import output_options
from deliverkit.cli.output import paint, width, write, write_lines
from deliverkit.cli.settings import configuration
from deliverkit.errors import InputError
from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.data import document, dumps
from deliverkit.store.policy import State
from deliverkit.store.rows import normal

if TYPE_CHECKING:
    from deliverkit.store import Store

_CLOSED = tuple(state for state in State if not state.mailed)

EPILOG = """\b
Examples:
  deliverkit bounces /var/log/mail.log --store addresses.db
  deliverkit suppression list --store addresses.db
  deliverkit suppression why someone@example.com --store addresses.db
  deliverkit suppression check newsletter.csv --only allowed -o send.csv
"""


@click.group("suppression", epilog=EPILOG)
def command() -> None:
    """Ask the memory of addresses who must not be mailed, and why."""


def store_options(create: bool) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """``--store``, ``--hash-recipients``, ``--key-file``; the command gets one open ``store``."""

    def decorate(inner: Callable[..., int]) -> Callable[..., int]:
        @wraps(inner)
        def with_store(*args: Any, store: str | None, hash_recipients: bool, key_file: str | None, **rest: Any) -> int:
            from deliverkit.store import Store

            with Store.open(
                store,
                policy=configuration().policy,
                hash_recipients=hash_recipients,
                key_file=Path(key_file).expanduser() if key_file else None,
                create=create,
            ) as opened:
                return inner(*args, store=opened, **rest)

        decorated: Callable[..., int] = with_store
        for option in (
            click.option("--key-file", metavar="FILE", help="The secret key of hashed addresses."),
            click.option(
                "--hash-recipients/--plain-recipients",
                default=False,
                help="Keep no plain address in a store that is made now; an existing one stays as it is.",
            ),
            click.option(
                "--store", metavar="URL", help="File, sqlite:///FILE or postgresql://…; default: a file of yours."
            ),
        ):
            decorated = option(decorated)
        return decorated

    return decorate


_states = click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([*(state.value for state in State), "all"]),
    help="Only addresses in this state; may be repeated. Default: all that must not be mailed.",
)


@command.command("list")
@_states
@click.option("--domain", metavar="DOMAIN", help="Only addresses of this domain.")
@store_options(create=False)
@output_options("text", "csv", "json", "jsonl")
def list_(
    states: tuple[str, ...],
    domain: str | None,
    store: Store,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """List the addresses that must not be mailed, or those in a state."""
    from deliverkit.cli.suppression_lists import exported
    from deliverkit.report.suppression import entry_data, entry_lines

    entries = store.entries(_chosen(states), domain)
    if fmt == "json":
        write(dumps(document("suppression", addresses=[entry_data(entry) for entry in entries])), output)
    elif fmt == "jsonl":
        write_lines((dumps(entry_data(entry), indent=None) for entry in entries), output)
    else:
        write_lines(_packed(exported(entries) if fmt == "csv" else entry_lines(entries)), output)
    return ExitCode.CLEAN


@command.command("export")
@_states
@store_options(create=False)
@output_options("csv")
def export(states: tuple[str, ...], store: Store, fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Write the addresses that must not be mailed as CSV, for an ESP or for 'import' elsewhere."""
    from deliverkit.cli.suppression_lists import exported

    write_lines(_packed(exported(store.entries(_chosen(states)))), output)
    return ExitCode.CLEAN


@command.command("why")
@click.argument("address")
@store_options(create=False)
@output_options("text", "json")
def why(address: str, store: Store, fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Tell how an address stands: what decided, every event, and what would change it."""
    from deliverkit.report.suppression import why_data, why_text

    found = store.why(address)
    if found is None and normal(address) is None:
        raise InputError(
            _("'{text}' is no address").format(text=one_line(address, 80)),
            advice=_("Give a whole address, such as someone@example.com."),
        )
    if found is None:
        raise InputError(
            _("nothing is known of '{address}' in {store}").format(address=one_line(address, 80), store=store.name),
            advice=_("It may be mailed as far as this memory goes."),
        )
    policy = configuration().policy
    if fmt == "json":
        write(dumps(document("suppression", **why_data(found, policy))), output)
    else:
        write(why_text(found, policy, width=width(), paint=paint(color, output)), output)
    return ExitCode.CLEAN


@command.command("stats")
@store_options(create=False)
@output_options("text", "json")
def stats(store: Store, fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Count the addresses by state and by reason."""
    counts, reasons = store.counts(), store.reasons()
    if fmt == "json":
        rows = [{"state": state, "reason": reason, "count": count} for state, reason, count in reasons]
        write(dumps(document("suppression", store=store.name, counts=counts, reasons=rows)), output)
        return ExitCode.CLEAN
    from deliverkit.report.text.layout import Page

    page = Page(width(), paint(color, output))
    for name, count in counts.items():
        page.field(name, f"{count:,}", indent=0, pad=24, label_role="strong")
    page.blank()
    for state, reason, count in reasons:
        page.field(f"{state} {reason or ''}".strip(), f"{count:,}", indent=0, pad=44, label_role="code")
    write(str(page).rstrip(), output)
    return ExitCode.CLEAN


@command.command("check")
@click.argument("file")
@click.option("--column", metavar="NAME", help="Column with the addresses: its name or number.")
@click.option("--only", type=click.Choice(["allowed", "suppressed"]), help="Only these records, as they came.")
@store_options(create=False)
@output_options("csv", "jsonl")
def check(
    file: str,
    column: str | None,
    only: str | None,
    store: Store,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Say for each address of a list whether it may be mailed.

    FILE has one address a line or is CSV; "-" is stdin. Every record comes back in its place, with the columns mail
    (yes, no, or unknown for what is no address), state and reason added.
    """
    from deliverkit.cli.suppression_lists import Checked, opened

    with opened(file, column) as (table, records):
        checked = Checked(table, fmt, only)
        write_lines(_packed(checked.lines(records, store.standing)), output)
    note(
        _("{total} addresses: {closed} must not be mailed, {unknown} are no addresses").format(
            total=checked.total, closed=checked.closed, unknown=checked.unknown
        )
    )
    return ExitCode.CLEAN


@command.command("import")
@click.argument("file")
@click.option("--column", metavar="NAME", help="Column with the addresses: its name or number.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in _CLOSED]),
    default=State.MANUAL.value,
    show_default=True,
    help="State of what has no column 'state'.",
)
@click.option("--note", "remark", metavar="TEXT", default="", help="Kept with each, for whoever asks why.")
@store_options(create=True)
def import_(file: str, column: str | None, state: str, remark: str, store: Store) -> int:
    """Take over a list from elsewhere: one address a line, or CSV with the columns of 'export'.

    The same list again changes nothing.
    """
    from deliverkit.cli.suppression_lists import brought, opened

    where, count = "stdin" if file == "-" else file, 0

    with opened(file, column) as (table, records):

        def counted() -> Iterator[tuple[str, State, str | None, int | None]]:
            nonlocal count
            for each in brought(table, records, where, State(state)):
                count += 1
                yield each

        wrong = store.bring(counted(), remark)
    return _told(count, wrong, store)


@command.command("add")
@click.argument("address", nargs=-1)
@click.option("-i", "--input", "files", multiple=True, metavar="FILE", help="Addresses, one a line or CSV; '-': stdin.")
@click.option("--note", "remark", metavar="TEXT", default="", help="Kept with it, for whoever asks why.")
@store_options(create=True)
def add(address: tuple[str, ...], files: tuple[str, ...], remark: str, store: Store) -> int:
    """Put addresses on the list by hand. Only 'remove' takes them off again."""
    given = list(_given(address, files))
    return _told(len(given), store.add(given, _now(), remark), store)


@command.command("remove")
@click.argument("address", nargs=-1)
@click.option("-i", "--input", "files", multiple=True, metavar="FILE", help="Addresses, one a line or CSV; '-': stdin.")
@click.option("--note", "remark", metavar="TEXT", default="", help="Kept with it, for whoever asks why.")
@store_options(create=False)
def remove(address: tuple[str, ...], files: tuple[str, ...], remark: str, store: Store) -> int:
    """Take addresses off the list by hand: what happened until now no longer counts, complaints included."""
    given = list(_given(address, files))
    return _told(len(given), store.remove(given, _now(), remark), store)


def _given(arguments: tuple[str, ...], files: tuple[str, ...]) -> Iterator[str]:
    if not arguments and not files:
        raise InputError(_("no address is named"), advice=_("Name one, or give a file with -i."))
    yield from arguments
    if files:
        from deliverkit.cli.suppression_lists import opened, plain

        for path in files:
            with opened(path) as (_table, records):
                yield from (plain(record.given) for record in records)


def _told(count: int, wrong: list[str], store: Store) -> int:
    """Say what was done. Arguments and lines that are no addresses make the run incomplete."""
    for text in wrong[:20]:
        note(_("left out: '{text}' is no address").format(text=one_line(text, 80)))
    if len(wrong) > 20:
        note(_("left out: {count} more").format(count=len(wrong) - 20))
    done = count - len(wrong)
    note(
        plural("{count} address written to {store}", "{count} addresses written to {store}", done).format(
            count=done, store=store.name
        )
    )
    return ExitCode.USAGE if wrong and not done else ExitCode.CLEAN


def _now() -> int:
    return round(time.time() * 1000)


def _chosen(states: tuple[str, ...]) -> tuple[State, ...]:
    if "all" in states:
        return ()
    return tuple(State(state) for state in states) or _CLOSED


def _packed(lines: Iterable[str]) -> Iterator[str]:
    """Lines some thousand at a time: each write costs."""
    rest = iter(lines)
    while some := list(islice(rest, 2000)):
        yield "\n".join(some)
