"""The check ``message-links``: where the links and pictures of a message lead, and whether a blocklist names it."""

from __future__ import annotations

from dataclasses import dataclass

from deliverkit.checks import Notes, Target, World
from deliverkit.checks.blocklist_findings import BlocklistFacts, gather_facts
from deliverkit.checks.message_auth import askable_domain
from deliverkit.checks.names import is_ip
from deliverkit.checks.suffixes import registrable
from deliverkit.knowledge.schema_dns import Weight
from deliverkit.message.links import Link, read_content
from deliverkit.message.parts import read_parts
from deliverkit.model import CheckResult, Evidence, Outcome

MAX_DOMAINS = 20
"""Domains asked about; a mailing links to a handful."""


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What was found."""

    domains: tuple[str, ...]
    """Registrable domains of links and pictures, in their order, those asked about first."""
    links: int
    images: int
    asked: int
    """How many of the domains were asked about."""
    lists: tuple[BlocklistFacts, ...] = ()


async def run(target: Target, world: World) -> CheckResult:
    """Read the links of ``target.message`` and ask the domain blocklists about their domains."""
    message = target.message
    notes = Notes("message-links", target.domain or "", world.knowledge)
    if message is None:
        return notes.result(outcome=Outcome.NOT_APPLICABLE)
    links = [link for link in read_content(read_parts(message)).links if link.scheme in ("http", "https")]
    if not links:
        notes.add("message-links-none")
        return notes.result(LinkFacts((), 0, 0, 0), outcome=Outcome.NOT_APPLICABLE)
    _judge(notes, links, world)
    names = (askable_domain(link.host) for link in links)
    domains = tuple(dict.fromkeys(registrable(name) or name for name in names if name))
    lists = await gather_facts(domains[:MAX_DOMAINS], world) if domains else ()
    for facts in lists:
        _note_lists(notes, facts)
    if len(domains) > MAX_DOMAINS:
        notes.add("message-links-many", count=len(domains), limit=MAX_DOMAINS)
    if not notes.findings:
        notes.add("message-links-ok", count=len(domains))
    images = sum(link.image for link in links)
    return notes.result(LinkFacts(domains, len(links) - images, images, min(len(domains), MAX_DOMAINS), lists))


def _judge(notes: Notes, links: list[Link], world: World) -> None:
    shorteners = world.knowledge.word_lists["link-shorteners"].words
    short = next((link for link in links if link.host.removeprefix("www.") in shorteners), None)
    if short:
        notes.add("message-link-shortened", _proof(short), host=short.host)
    raw = next((link for link in links if is_ip(link.host)), None)
    if raw:
        notes.add("message-link-address", _proof(raw), host=raw.host)
    masked = next((link for link in links if "@" in link.url.partition("://")[2].partition("/")[0]), None)
    if masked:
        notes.add("message-link-masked", _proof(masked), host=masked.host)
    false = next((link for link in links if _misleads(link)), None)
    if false:
        notes.add("message-link-misleading", _proof(false), shown=false.shown_host or "", host=false.host)
    plain = [link for link in links if link.scheme == "http"]
    if plain:
        notes.add("message-link-http", _proof(plain[0]), count=len(plain))


def _proof(link: Link) -> Evidence:
    return Evidence("link", link.url[:500])


def _misleads(link: Link) -> bool:
    """The text names one domain, the link leads to another."""
    shown, there = askable_domain(link.shown_host or ""), askable_domain(link.host)
    if shown is None or there is None or registrable(shown) is None:
        return False
    return registrable(shown) != registrable(there)


def _note_lists(notes: Notes, facts: BlocklistFacts) -> None:
    heavy = [row for row in facts.listed if row.weight is not Weight.SMALL]
    small = [row for row in facts.listed if row.weight is Weight.SMALL]
    for finding, rows in (("message-link-listed", heavy), ("message-link-listed-small", small)):
        if rows:
            proof = [item for row in rows[:3] for item in row.evidence[:2]]
            url = rows[0].lookup_url or rows[0].removal_url or ""
            lists = ", ".join(row.name for row in rows)
            notes.add(finding, *proof, link_domain=facts.subject, list=lists, lookup_url=url)
    if not facts.listed and facts.heavy_open:
        lists = ", ".join(row.name for row in facts.heavy_open[:5])
        notes.add("message-link-not-checked", link_domain=facts.subject, list=lists)
