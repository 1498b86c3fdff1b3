"""The page of an audit in a real browser: readable on a telephone, sorted and filtered, nothing asked elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from built_site import CHROMIUM, QUIET

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "audit.html"
    words = [
        "audit",
        "lookups.example",
        "bakery.example",
        "--replay",
        "demo",
        "--format",
        "html",
        "--output",
        str(path),
    ]
    subprocess.run([sys.executable, "-m", "deliverkit", *words], check=False, capture_output=True)
    return path


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_of_an_audit_fits_and_works(report: Path, width: int) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": width, "height": 800})
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(report.as_uri())
        for each in page.locator("summary").all():
            each.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("th button").nth(1).click()
        assert page.locator("tbody tr").first.locator("td").nth(1).inner_text().startswith("bakery.example")
        page.fill("#filter", "lookups.example needs")
        assert page.locator("tbody tr:visible").count() == 1
        assert (said, asked) == ([], [report.as_uri()])
        browser.close()
