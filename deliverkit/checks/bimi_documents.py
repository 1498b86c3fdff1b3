"""The logo and the mark certificate that a BIMI record names: fetched, and what is wrong with them noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deliverkit.checks import Notes, World
from deliverkit.checks.bimi_certificate import MAX_BYTES as MAX_CERTIFICATE
from deliverkit.checks.bimi_certificate import Mark, read_mark
from deliverkit.checks.bimi_logo import MAX_BYTES, MAX_PARSED, MAX_TITLE, Logo, read_logo, unpack
from deliverkit.net.http import Fetched, FetchStatus

REDIRECTS = 3
"""The draft forbids none; some receivers follow them and some do not."""
SOON = timedelta(days=30)
_TYPES = ("image/svg+xml", "image/svg+xml-compressed")


async def judge_logo(notes: Notes, domain: str, url: str, world: World) -> bytes | None:
    """Fetch the logo and judge it; its bytes, unpacked, where it could be fetched."""
    if not url:
        return None
    fetched = await _fetch(notes, domain, url, MAX_PARSED, world)
    if fetched is None:
        return None
    if fetched.content_type not in _TYPES:
        notes.add("bimi-logo-type", domain=domain, url=_short(url), content_type=fetched.content_type or "-")
    logo = read_logo(fetched.body)
    _note_logo(notes, domain, logo)
    return unpack(fetched.body, MAX_PARSED) if logo.packed else fetched.body


def _note_logo(notes: Notes, domain: str, logo: Logo) -> None:
    if logo.size > MAX_BYTES:
        notes.add("bimi-logo-large", domain=domain, size=logo.size, limit=MAX_BYTES)
    if logo.entities:
        notes.add("bimi-logo-entities", domain=domain)
        return
    if logo.broken:
        notes.add("bimi-logo-broken", domain=domain, detail=logo.broken)
        return
    if logo.version != "1.2" or logo.profile != "tiny-ps":
        notes.add("bimi-logo-profile", domain=domain, version=logo.version or "-", profile=logo.profile or "-")
    if not logo.title:
        notes.add("bimi-logo-untitled", domain=domain)
    elif len(logo.title) > MAX_TITLE:
        notes.add("bimi-logo-title-long", domain=domain, length=len(logo.title), limit=MAX_TITLE)
    if logo.square is False:
        notes.add("bimi-logo-not-square", domain=domain)
    elif logo.square is None:
        notes.add("bimi-logo-no-size", domain=domain)
    if logo.placed:
        notes.add("bimi-logo-placed", domain=domain)
    for name in logo.forbidden:
        notes.add("bimi-logo-forbidden", domain=domain, element=name)
    for target in logo.external:
        notes.add("bimi-logo-external", domain=domain, target=_short(target))


async def judge_certificate(notes: Notes, domain: str, url: str, world: World) -> Mark | None:
    """Fetch the certificate file and judge all of it that does not depend on names and logo."""
    if not url:
        notes.add("bimi-no-certificate", domain=domain)
        return None
    fetched = await _fetch(notes, domain, url, MAX_CERTIFICATE, world)
    if fetched is None:
        return None
    mark = read_mark(fetched.body)
    if mark is None:
        notes.add("bimi-certificate-unreadable", domain=domain, url=_short(url))
        return None
    now = datetime.fromtimestamp(world.now, UTC)
    ends = mark.not_after.date().isoformat()
    if mark.not_after <= now:
        notes.add("bimi-certificate-expired", domain=domain, date=ends)
    elif mark.not_after <= now + SOON:
        notes.add("bimi-certificate-ends-soon", domain=domain, date=ends, days=(mark.not_after - now).days)
    if mark.not_before > now:
        notes.add("bimi-certificate-early", domain=domain, date=mark.not_before.date().isoformat())
    if not mark.purpose:
        notes.add("bimi-certificate-purpose", domain=domain, subject=mark.subject or "-")
    if not mark.logotype:
        notes.add("bimi-certificate-no-logo", domain=domain)
    if not mark.whole:
        notes.add("bimi-certificate-chain", domain=domain, count=mark.count)
    elif not mark.ordered:
        notes.add("bimi-certificate-order", domain=domain)
    return mark


async def _fetch(notes: Notes, domain: str, url: str, limit: int, world: World) -> Fetched | None:
    """The document; None with a finding where there is none."""
    fetched = await world.http.fetch(url, max_bytes=limit, redirects=REDIRECTS)
    shown = _short(url)
    word = str(fetched.code) if fetched.status is FetchStatus.HTTP_ERROR else fetched.status.value
    if fetched.status is FetchStatus.SWITCHED_OFF:
        notes.add("bimi-not-fetched", fetched, domain=domain, url=shown)
    elif fetched.failed:
        notes.add("bimi-unreachable", fetched, domain=domain, url=shown, status=word)
    elif fetched.status is FetchStatus.BAD_URL:
        notes.add("bimi-url-invalid", domain=domain, url=shown)
    elif fetched.status is FetchStatus.TOO_LARGE:
        notes.add("bimi-too-large", fetched, domain=domain, url=shown, limit=limit)
    elif not fetched.ok:
        notes.add("bimi-document-missing", fetched, domain=domain, url=shown, status=word)
    elif fetched.location:
        notes.add("bimi-redirect", domain=domain, url=shown, location=_short(fetched.location))
    return fetched if fetched.ok else None


def _short(text: str) -> str:
    return text[:200]
