"""``deliverkit rules``: the reply rules, ours and the user's own, and their export to mail servers."""

from __future__ import annotations

from pathlib import Path

import click

from deliverkit.bounces.rule_export import Part, Target, export, ours
from deliverkit.bounces.user_rules import read_rules
from deliverkit.cli.diagnostics import ExitCode, note
from deliverkit.cli.options import output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.knowledge.schema import Rule, RuleInfo
from deliverkit.language import _, plural
from deliverkit.report.clean import one_line
from deliverkit.report.data import Data, document, dumps
from deliverkit.report.text.catalogue import rows

_LEFT_OUT_SHOWN = 10

EPILOG = """\b
Examples:
  deliverkit rules list --provider gmail
  deliverkit rules list my-rules.toml
  deliverkit rules check my-rules.toml
  deliverkit rules export --to kumomta -o deliverkit.toml
  deliverkit rules export --to zonemta my-rules.toml
"""


@click.group("rules", epilog=EPILOG)
def command() -> None:
    """List reply rules, check a file of your own, or write them for KumoMTA and ZoneMTA."""


@command.command("list")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--provider", "providers", multiple=True, metavar="ID", help="Only the rules of this provider.")
@click.option("--reason", "reasons", multiple=True, metavar="ID", help="Only the rules that prove this reason.")
@output_options("text", "json")
def list_rules(
    files: tuple[str, ...],
    providers: tuple[str, ...],
    reasons: tuple[str, ...],
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """List our rules, or those of your FILEs: id, reason and pattern."""
    chosen = [
        (rule, info)
        for rule, info in _rules(files, providers)
        if (not providers or rule.provider in providers) and (not reasons or rule.reason in _known_reasons(reasons))
    ]
    if fmt == "json":
        write(dumps(document("rules", rules=[_data(rule, info) for rule, info in chosen])), output)
    else:
        pairs = [(one_line(rule.id), f"{rule.reason}  {one_line(rule.pattern)}") for rule, _info in chosen]
        write(rows(pairs, width=width(), paint=paint(color, output)), output)
    return ExitCode.CLEAN


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@output_options("text", "json")
def check(files: tuple[str, ...], fmt: str, output: str | None, lang: str | None, color: str) -> int:
    """Check rule FILEs, ours or KumoMTA's form: exits with 2 for the first mistake, named with file, line and key."""
    counts = {file: len(read_rules(Path(file))) for file in files}
    if fmt == "json":
        checked = [{"path": file, "rules": count} for file, count in counts.items()]
        write(dumps(document("rules", valid=True, files=checked)), output)
    else:
        lines = [
            plural("{path}: {count} rule, all in order", "{path}: {count} rules, all in order", count).format(
                path=file, count=count
            )
            for file, count in counts.items()
        ]
        write("\n".join(lines), output)
    return ExitCode.CLEAN


@command.command("export")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--to", "target", type=click.Choice([each.value for each in Target]), required=True, help="Whose format.")
@click.option(
    "--part",
    type=click.Choice([each.value for each in Part]),
    default=Part.ALL.value,
    show_default=True,
    help="Of our rules: all, those of providers, or the phrases that anybody writes.",
)
@click.option("--provider", "providers", multiple=True, metavar="ID", help="Only the rules of this provider.")
@click.option("-o", "--output", metavar="FILE", default=None, help="Write the result there, whole or not at all.")
def export_rules(files: tuple[str, ...], target: str, part: str, providers: tuple[str, ...], output: str | None) -> int:
    """Write our rules, or those of your FILEs, for another mail server.

    KumoMTA takes the rules of the file that it loads first: write two files, --part providers and --part generic,
    and load them in this order.
    """
    chosen = [
        entry for entry in _rules(files, providers, Part(part)) if not providers or entry[0].provider in providers
    ]
    made = export(chosen, Target(target))
    write(made.text, output)
    note(plural("{count} rule written", "{count} rules written", made.count).format(count=made.count))
    if made.left_out:
        shown = ", ".join(made.left_out[:_LEFT_OUT_SHOWN])
        more = ", …" if len(made.left_out) > _LEFT_OUT_SHOWN else ""
        said = plural(
            "left out {count} rule that {target} has no word or expression for: {ids}",
            "left out {count} rules that {target} has no word or expression for: {ids}",
            len(made.left_out),
        )
        note(said.format(count=len(made.left_out), target=target, ids=shown + more))
    return ExitCode.CLEAN


def _rules(
    files: tuple[str, ...], providers: tuple[str, ...], part: Part = Part.ALL
) -> list[tuple[Rule, RuleInfo | None]]:
    """The rules of ``files``, or ours. Raises InputError for a provider that there is not, KnowledgeError."""
    if files:
        return [entry for file in files for entry in read_rules(Path(file))]
    _nearest("provider", providers, tuple(load().providers))
    return ours(part, providers)


def _known_reasons(reasons: tuple[str, ...]) -> tuple[str, ...]:
    _nearest("reason", reasons, tuple(load().reasons))
    return reasons


def _nearest(option: str, asked: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in asked:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            raise InputError(
                _("--{option}: there is no '{name}'").format(option=option, name=name[:80]),
                advice=_("Did you mean '{name}'?").format(name=near[0])
                if near
                else _("See: deliverkit rules list, deliverkit reasons"),
            )


def _data(rule: Rule, info: RuleInfo | None) -> Data:
    return {
        "id": rule.id,
        "provider": rule.provider,
        "pattern": rule.pattern,
        "reason": rule.reason,
        "code": rule.code,
        "enhanced_code": rule.enhanced,
        "examples": list(info.examples) if info else [],
        "source": info.source if info else None,
        "as_of": info.as_of if info else None,
    }
