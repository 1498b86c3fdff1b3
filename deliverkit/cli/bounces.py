"""``deliverkit bounces``: mailboxes, logs and events, any number of them, into records and a summary."""

from __future__ import annotations

from dataclasses import dataclass

import click

from deliverkit.cli.options import output_options

EPILOG = """\b
Examples:
  deliverkit bounces /var/mail/bounces
  deliverkit bounces mail.log mail.log.1.gz --top 20
  deliverkit bounces maildir/ --format jsonl -o bounces.jsonl
  deliverkit bounces events.json --only provider=gmail --format csv
  grep status= mail.log | deliverkit bounces - --vocabulary sparkpost -f jsonl
  deliverkit bounces archive/ -f jsonl -o all.jsonl --resume run.journal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for, as it was given."""

    paths: tuple[str, ...]
    source: str | None
    columns: str | None
    only: tuple[str, ...]
    delivered: bool
    records: bool
    fields: str | None
    vocabulary: str | None
    rule_files: tuple[str, ...]
    known: str | None
    drafts: str | None
    top: int
    jobs: int | None
    scheduler: str | None
    resume: str | None
    store: str | None
    hash_recipients: bool
    key_file: str | None
    fail_on_unknown: bool
    fmt: str
    output: str | None
    lang: str | None
    color: str


@click.command("bounces", epilog=EPILOG)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--source", metavar="NAME", help="What the files hold; default: told by their content.")
@click.option("--columns", metavar="NAME=COLUMN,...", help="Of a CSV of your own: recipient=Email,reply=Reason.")
@click.option(
    "--only", multiple=True, metavar="KEY=VALUE", help="Look only at these: provider=gmail, category=blocked."
)
@click.option("--delivered", is_flag=True, help="Records of deliveries too; they are always counted.")
@click.option("--records", is_flag=True, help="With --format json: the records beside the summary.")
@click.option("--fields", metavar="NAMES", help="With csv and parquet: only these columns, in this order.")
@click.option("--vocabulary", metavar="NAME", help="Add the word of another system: sparkpost, ses, kumomta, ...")
@click.option("--rules", "rule_files", multiple=True, metavar="FILE", help="Your own reply rules; they win over ours.")
@click.option("--known", metavar="FILE", help="Tell new incidents from those of earlier runs, which it remembers.")
@click.option("--drafts", metavar="FILE", help="Write a drafted rule for every wording that is not understood.")
@click.option("--top", type=click.IntRange(1, 1000), default=10, show_default=True, help="Rows of each table.")
@click.option("-j", "--jobs", type=click.IntRange(1, 512), default=None, help="Processes; default: one a core.")
@click.option("--scheduler", metavar="URL", help="Work on a Dask cluster: tcp://HOST:8786.")
@click.option("--resume", metavar="FILE", help="Keep a journal there; go on from it when it is there.")
@click.option("--store", metavar="URL", help="Keep every event in this memory of addresses.")
@click.option("--hash-recipients", is_flag=True, help="Keep no plain address in the memory.")
@click.option("--key-file", metavar="FILE", help="Secret key of the hashed addresses.")
@click.option("--fail-on-unknown", is_flag=True, help="Exit with 3 when a reply is not understood.")
@output_options("text", "json", "jsonl", "csv", "markdown", "parquet")
def command(**given: object) -> int:
    """Read many bounces: mailboxes, mail server logs, events of sending platforms.

    PATH is a file, a folder, an mbox, a Maildir, or "-" for stdin; plain or packed (gzip, zstd). Without --format it
    prints a summary; jsonl, csv and parquet give one record a recipient. Nothing leaves this machine.
    """
    from deliverkit.cli.bounces_run import read_bounces

    return read_bounces(Wish(**given))  # type: ignore[arg-type]
