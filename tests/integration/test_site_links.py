"""Every link and anchor of the built site leads somewhere, in every language."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest
from built_site import built

html = pytest.importorskip("lxml.html")
pytest.importorskip("mkdocs")
pytestmark = pytest.mark.integration
HERE = "https://site.example/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("site"))


def test_no_link_and_no_anchor_is_broken(site: Path) -> None:
    anchors: dict[str, set[str]] = {}
    links: set[tuple[str, str]] = set()
    for path in site.rglob("*.html"):
        if path.name == "404.html":
            continue  # it is shown at any address: its links are absolute
        address = HERE + path.relative_to(site).as_posix().removesuffix("index.html")
        page = html.fromstring(path.read_bytes())
        anchors[address] = set(page.xpath("//@id")) | set(page.xpath("//a/@name"))
        for link in page.xpath("//a/@href | //link/@href | //script/@src | //img/@src"):
            target = urljoin(address, link)
            if target.startswith(HERE):
                links.add((address, target))
    assert len(anchors) > 3_000
    files = {HERE + path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    broken = sorted(f"{source} -> {target}" for source, target in links if not _leads_somewhere(target, anchors, files))
    assert broken == []


def _leads_somewhere(target: str, anchors: dict[str, set[str]], files: set[str]) -> bool:
    place = urlparse(target)
    address = unquote(target.partition("#")[0].partition("?")[0])
    if address in files:
        return True
    if address not in anchors and f"{address.rstrip('/')}/" not in anchors:
        return False
    known = anchors.get(address) or anchors[f"{address.rstrip('/')}/"]
    return not place.fragment or unquote(place.fragment) in known
