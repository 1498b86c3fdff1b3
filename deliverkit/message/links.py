"""Links and pictures of a message, and how much text a reader sees. HTML by the standard parser, bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from deliverkit.message.parts import Parts

MAX_LINKS = 2_000
MAX_HTML = 2_000_000
"""Characters of HTML that are read."""
MAX_TEXT = 200_000
"""Characters of visible text that are kept."""
_CHUNK = 65_536
_URL = re.compile(r"https?://[^\s<>\"'\])]{1,2000}", re.IGNORECASE)
_SHOWN_HOST = re.compile(r"^\s*(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?:[/?#:]\S*)?\s*$", re.IGNORECASE)
_SILENT = ("script", "style", "title", "head", "template")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """One address in the message."""

    url: str
    host: str
    """Lower case, without port; empty where there is none."""
    scheme: str
    text: str = ""
    """What the reader sees of it, for a link in HTML."""
    image: bool = False

    @property
    def shown_host(self) -> str | None:
        """The host that the visible text claims, where it is itself an address."""
        found = _SHOWN_HOST.match(self.text[:300])
        return found[1].lower() if found else None


@dataclass(slots=True)
class Content:
    """What the reading of all texts came to."""

    links: list[Link] = field(default_factory=list)
    plain_text: str = ""
    html_text: str = ""
    """Visible text of the HTML, white space folded."""
    html_bytes: int = 0
    images: int = 0
    forms: int = 0
    scripts: int = 0
    hidden: int = 0
    """Elements that are told not to be seen."""
    cut: bool = False


def read_content(parts: Parts) -> Content:
    """Links, pictures and visible text. Never raises."""
    content = Content(cut=parts.cut)
    for part in parts.texts("text/plain"):
        content.plain_text = (content.plain_text + part.text())[:MAX_TEXT]
    for part in parts.texts("text/html"):
        html = part.text()
        content.html_bytes += len(html.encode("utf-8", "replace"))
        _read_html(html, content)
    known = {link.url for link in content.links}
    for match in _URL.finditer(content.plain_text):
        url = match[0].rstrip(".,;:!?)")
        if url not in known:
            _add(content, link_of(url))
    return content


def link_of(url: str, text: str = "", *, image: bool = False) -> Link:
    """An address taken apart; hostile ones have no host."""
    url = url.strip()[:2000]
    try:
        cut = urlsplit(url)
        return Link(url, (cut.hostname or "").lower().rstrip("."), cut.scheme.lower(), text, image)
    except ValueError:
        return Link(url, "", "", text, image)


def _add(content: Content, link: Link) -> None:
    if len(content.links) < MAX_LINKS:
        content.links.append(link)
    else:
        content.cut = True


def _read_html(html: str, content: Content) -> None:
    reader = _Reader(content)
    content.cut = content.cut or len(html) > MAX_HTML
    html = html[:MAX_HTML]
    # The parser looks at the rest of what it was given again and again when a tag is never closed: an unclosed
    # one is worth no more than one chunk of time.
    for start in range(0, len(html), _CHUNK):
        try:
            reader.feed(html[start : start + _CHUNK])
        except AssertionError:
            # How the parser complains of a marked section that it does not know.
            reader.rawdata = ""
        if len(reader.rawdata) > _CHUNK:
            reader.rawdata = ""
    reader.finish()


class _Reader(HTMLParser):
    """Collects; keeps no tree."""

    def __init__(self, content: Content) -> None:
        super().__init__(convert_charrefs=True)
        self.content = content
        self.text: list[str] = []
        self.size = 0
        self.silent = 0
        self.anchor: str | None = None
        self.anchor_text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        content = self.content
        if tag in _SILENT:
            self.silent += 1
        content.scripts += tag == "script"
        content.forms += tag == "form"
        content.hidden += bool(_HIDDEN.search(values.get("style", "")[:500]))
        if tag in ("a", "area") and values.get("href"):
            self._end_anchor()
            self.anchor = values["href"]
        elif tag == "img":
            content.images += 1
            if values.get("src"):
                _add(content, link_of(values["src"], image=True))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT and self.silent:
            self.silent -= 1
        elif tag == "a":
            self._end_anchor()
        elif tag == "body":
            self.silent = 0

    def handle_data(self, data: str) -> None:
        if self.anchor is not None and len(self.anchor_text) < 50:
            self.anchor_text.append(data[:300])
        if not self.silent and self.size < MAX_TEXT:
            self.text.append(data)
            self.size += len(data)

    def _end_anchor(self) -> None:
        if self.anchor is not None:
            _add(self.content, link_of(self.anchor, " ".join("".join(self.anchor_text).split())[:300]))
        self.anchor, self.anchor_text = None, []

    def finish(self) -> None:
        self._end_anchor()
        visible = " ".join("".join(self.text)[:MAX_TEXT].split())
        self.content.html_text = f"{self.content.html_text} {visible}".strip()
