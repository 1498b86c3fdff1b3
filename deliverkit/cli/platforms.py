"""``deliverkit platforms``: who sends for a domain, and whether each platform's part is complete; or the catalogue."""

from __future__ import annotations

import asyncio

import click

from deliverkit.audit import audit
from deliverkit.checks import Target, World
from deliverkit.cli.catalogue import Shelf, show
from deliverkit.cli.diagnostics import exit_code
from deliverkit.cli.options import authoritative_option, fail_on_option, language, network_options, output_options
from deliverkit.cli.output import paint, width, write
from deliverkit.errors import InputError
from deliverkit.knowledge import load
from deliverkit.knowledge.schema_dns import Platform
from deliverkit.language import _
from deliverkit.model import Audit
from deliverkit.report.data import audit_data, document, dumps, plain
from deliverkit.report.sentences import Sentences
from deliverkit.session import Network, author_domain, in_world, nobody_answered, target

CHECKS = ("spf", "platforms")
"""SPF beside it: an include is proposed for the record as it stands."""
TOGETHER = 4
"""Domains looked at at the same time."""

EPILOG = """\b
Examples:
  deliverkit platforms
  deliverkit platforms sendgrid
  deliverkit platforms example.com
  deliverkit platforms example.com -s s1 -s mail2024 --format json
"""


@click.command("platforms", epilog=EPILOG)
@click.argument("domain", nargs=-1)
@click.option("-s", "--selector", "selectors", multiple=True, help="A DKIM selector in use; may be repeated.")
@fail_on_option
@network_options
@authoritative_option
@output_options("text", "json", "jsonl", "markdown")
def command(
    domain: tuple[str, ...],
    selectors: tuple[str, ...],
    fail_on: str,
    network: Network,
    fmt: str,
    output: str | None,
    lang: str | None,
    color: str,
) -> int:
    """Show who sends for a domain and what is missing for each platform.

    DOMAIN may be the id of a platform: then its marks and records are shown. Without any, all platforms are listed.
    """
    say = Sentences(load(), language(lang))
    if not domain or all(name in say.knowledge.platforms for name in domain):
        return _catalogue(domain, say, fmt, output, color)
    common = target(network, selectors=selectors)
    meant = dict.fromkeys(author_domain(name) for name in domain)
    targets = [Target(name, selectors=(*common.selectors, *named)) for name, named in meant]

    async def job(world: World) -> tuple[list[Audit], bool]:
        slots = asyncio.Semaphore(TOGETHER)

        async def one(each: Target) -> Audit:
            async with slots:
                return await audit(each, world, checks=CHECKS)

        return list(await asyncio.gather(*(one(each) for each in targets))), nobody_answered(world)

    found, silent = in_world(network, job)
    views = [_view(each, say) for each in found]
    write(_render(views, say, fmt, color, output), output)
    return exit_code([check for each in views for check in each.checks], fail_on, silent=silent)


def _view(found: Audit, say: Sentences) -> Audit:
    """The platforms alone: SPF was asked for its record, and has its own command."""
    from deliverkit.audit import worst

    checks = tuple(check for check in found.checks if check.check == "platforms")
    ours = {finding.id for check in checks for finding in check.findings}
    steps = tuple(step for step in found.steps if ours & set(step.because))
    return Audit(found.domain, worst(c.outcome for c in checks), checks, found.platforms, steps, found.elapsed)


def _catalogue(names: tuple[str, ...], say: Sentences, fmt: str, output: str | None, color: str) -> int:
    from deliverkit.report.text.platforms import platform_text

    if fmt not in ("text", "json"):
        raise InputError(_("the catalogue comes as text or json"), advice=_("Name a domain for the other formats."))
    shelf: Shelf[Platform] = Shelf(
        "platforms",
        say.knowledge.platforms,
        lambda entry: entry.name,
        lambda entry, columns, colour: platform_text(entry, say, width=columns, paint=colour),
    )
    return show(shelf, names, fmt, output, color)


def _render(views: list[Audit], say: Sentences, fmt: str, color: str, output: str | None) -> str:
    from deliverkit.report.text.platforms import platforms_text

    if fmt == "json":
        return dumps(document("platforms", domains=[_data(view, say) for view in views]))
    if fmt == "jsonl":
        return "\n".join(dumps(document("platforms", **_data(view, say)), indent=None) for view in views)
    if fmt == "markdown":
        from deliverkit.report.markdown import platforms_markdown

        return "\n\n".join(platforms_markdown(view, say) for view in views)
    columns, colour = width(), paint(color, output)
    return "\n\n".join(platforms_text(view, say, width=columns, paint=colour) for view in views)


def _data(view: Audit, say: Sentences) -> dict[str, object]:
    """One domain: the audit's own parts, and the platforms with their records instead of bare ids."""
    data = {k: v for k, v in audit_data(view, say).items() if k in ("domain", "outcome", "checks", "steps", "elapsed")}
    found = [each for check in view.checks for each in getattr(check.facts, "found", ())]
    checks = [{k: v for k, v in check.items() if k != "facts"} for check in data["checks"]]
    return {**data, "checks": checks, "platforms": [{**plain(each), "complete": each.complete} for each in found]}
