"""The site in a real browser: the search finds, the page explains as the program does, nothing is asked elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_site import CHROMIUM, QUIET, built, served

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]

KINDS = (
    *("", "explain/", "tutorial/", "learn/categories/", "cli/", "reasons/", "reasons/dmarc.policy/"),
    *("findings/spf-too-many-lookups/", "fixes/spf-add-sender/", "codes/x-7-26/", "blocklists/spamhaus-zen/"),
    *("providers/gmail/", "platforms/google_workspace/", "howto/diagnose/"),
)
"""One page of each kind."""
FEW = ("", "explain/", "reasons/dmarc.policy/", "howto/diagnose/")
"""Those whose words differ most in width and form: for the other languages."""
LANGUAGES = ("", "id/", "pt/")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(built(tmp_path_factory.mktemp("site"))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield one
        one.close()


class Watched:
    """A page, what it said on its console and whom it asked."""

    def __init__(self, browser: Any, site: str, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked_elsewhere: list[str] = []
        self.page.on("console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else self._note(r.url))

    def _note(self, url: str) -> None:
        self.asked_elsewhere.append(url)

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_quiet_and_fit_a_phone(site: str, browser: Any, lang: str, scheme: str) -> None:
    with Watched(browser, site, viewport={"width": 360, "height": 740}, color_scheme=scheme) as seen:
        for kind in FEW if lang else KINDS:
            seen.page.goto(site + lang + kind)
            wide = seen.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{lang}{kind} is {wide} pixels too wide"
            shown = seen.page.evaluate("getComputedStyle(document.body).getPropertyValue('--md-default-bg-color')")
            assert shown
        assert seen.said == []
        assert seen.asked_elsewhere == []


@pytest.mark.parametrize(
    ("lang", "words", "leads_to"),
    [
        ("", "5.7.26", "codes/x-7-26/"),
        ("", "gmail rate limit", "providers/gmail/"),
        ("pt/", "lista de bloqueio", "pt/"),
        ("id/", "kotak penuh", "id/"),
        ("id/", "5.7.26", "codes/x-7-26/"),
    ],
)
def test_the_search_finds(site: str, browser: Any, lang: str, words: str, leads_to: str) -> None:
    with Watched(browser, site) as seen:
        seen.page.goto(site + lang)
        field = seen.page.locator(".md-search__input")
        field.click()
        field.fill(words)
        found = seen.page.locator(f".md-search-result__link[href*='{leads_to}']")
        found.first.wait_for(state="attached", timeout=30_000)
        assert seen.said == []


def test_the_page_judges_every_example_as_the_program_does(site: str, browser: Any, knowledge: Any) -> None:
    from deliverkit.bounces.classify import default_classifier
    from deliverkit.bounces.pasted import read_bounces

    classifier = default_classifier()
    texts = [example for info in knowledge.rule_info.values() for example in info.examples]
    wanted = [[classifier.classify(bounce).reason for bounce in read_bounces(text)] for text in texts]
    with Watched(browser, site) as seen:
        seen.page.goto(f"{site}explain/")
        told = seen.page.evaluate(
            """async (texts) => {
              const base = document.querySelector("script[src*='explain/page.js']").src
              const [{ Reader }, { Classifier }] = await Promise.all([
                import(new URL("reading.js", base)), import(new URL("verdict.js", base))])
              const data = await (await fetch(new URL("rules.json", base))).json()
              const reader = new Reader(data), judge = new Classifier(data)
              return texts.map(text => reader.bounces(text).map(bounce => judge.classify(bounce).reason))
            }""",
            texts,
        )
    assert len(texts) > 900
    assert [text for text, want, got in zip(texts, wanted, told, strict=True) if want != got] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_pasted_reply_is_explained_and_can_be_shared(site: str, browser: Any, lang: str) -> None:
    reply = "552 5.2.2 <ann@example.com> mailbox full"
    with Watched(browser, site, permissions=["clipboard-read", "clipboard-write"]) as seen:
        page = seen.page
        page.goto(f"{site}{lang}explain/")
        page.wait_for_selector("#explain[data-ready]")
        # With the keyboard alone: type, then Tab to the button and press it.
        page.focus("#explain-text")
        page.keyboard.insert_text(reply)
        page.wait_for_selector("#explain [data-reason='mailbox_full.over_quota']")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(".explain-told:not(:empty)")
        link = page.evaluate("location.href")
        assert "#reply=552" in link
        page.goto("about:blank")
        page.goto(link)
        page.wait_for_selector("#explain [data-reason='mailbox_full.over_quota']")
        assert page.input_value("#explain-text") == reply
        more = page.get_attribute("#explain [data-reason] > p:last-child > a", "href")
        assert page.request.get(page.url.partition("#")[0] + str(more)).ok
        assert seen.said == []
        assert seen.asked_elsewhere == []


def test_what_is_pasted_is_never_markup(site: str, browser: Any) -> None:
    with Watched(browser, site) as seen:
        seen.page.goto(f"{site}explain/")
        seen.page.wait_for_selector("#explain[data-ready]")
        seen.page.fill("#explain-text", '550 5.1.1 user unknown <img src=x onerror="document.title=1"> <b>x</b>')
        seen.page.wait_for_selector("#explain [data-reason]")
        assert seen.page.locator("#explain output img, #explain output b").count() == 0
        assert seen.page.title() != "1"


def test_the_first_page_is_light(site: str, browser: Any) -> None:
    """What a server that compresses sends for the first page, at most 300 KB; and no index of the search yet."""
    import gzip

    sizes: dict[str, int] = {}
    with Watched(browser, site) as seen:
        seen.page.on("response", lambda r: sizes.__setitem__(r.url, len(gzip.compress(r.body()))))
        seen.page.goto(site)
        seen.page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) < 300_000
    assert not any("search_index" in url for url in sizes)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_accessibility(site: str, browser: Any, lang: str) -> None:
    axe = pytest.importorskip("axe_playwright_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    wrong: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        with Watched(browser, site, color_scheme=scheme, bypass_csp=True) as seen:
            for kind in FEW if lang else KINDS:
                seen.page.goto(site + lang + kind)
                seen.page.evaluate(script)
                told = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                found = [f"{v['id']}: {json.dumps(v['nodes'][0]['target'])}" for v in told["violations"]]
                if found:
                    wrong[f"{scheme} {lang}{kind}"] = found
    assert wrong == {}
