"""Start: what the input is taken for, what Enter does with it, what else there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from piloting import REPLY, Opened, keys, painted, settle
from textual import events

from deliverkit.bounces.classify import default_classifier
from deliverkit.knowledge import load
from deliverkit.report.sentences import Sentences
from deliverkit_tui.guess import Kind, describe, guess, named_in
from deliverkit_tui.screens.case import CaseScreen
from deliverkit_tui.screens.help import HelpScreen
from deliverkit_tui.screens.start import StartScreen
from deliverkit_tui.widgets.given import GivenRow
from deliverkit_tui.widgets.intake import Intake


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.NOTHING),
        ("  \n\t ", Kind.NOTHING),
        ("---", Kind.NOTHING),
        ("550", Kind.CODE),
        ("5.7.26", Kind.CODE),
        ("550 5.7.26", Kind.CODE),
        ("550-5.7.1", Kind.CODE),
        ("shop.example", Kind.DOMAIN),
        ("https://Shop.Example/path", Kind.DOMAIN),
        ("orders@shop.example", Kind.DOMAIN),
        ("shop.example\nnews.example\n# a comment\n", Kind.DOMAIN),
        ("192.0.2.10", Kind.IP),
        ("[2001:db8::1]", Kind.IP),
        ("./bounce.eml", Kind.PATH),
        ("/var/log/mail.log", Kind.PATH),
        ("550 5.1.1 no such user", Kind.REPLY),
        ("mailbox is full", Kind.REPLY),
        (REPLY, Kind.REPLY),
        ("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failed\n\n550 5.1.1 no such user", Kind.MAIL),
    ],
)
def test_the_input_is_taken_for(text: str, kind: Kind) -> None:
    assert guess(text).kind is kind


def test_a_list_of_domains_is_read_once_each() -> None:
    assert guess("b.example\na.example\nB.example.").subjects == ("b.example", "a.example")


@settings(max_examples=150)
@given(st.text(max_size=400))
def test_no_text_breaks_the_guess(text: str) -> None:
    found = guess(text)
    told = describe(found, default_classifier(), Sentences(load()))
    assert bool(told) is (found.kind is not Kind.NOTHING)
    assert "\x1b" not in told
    named_in(text)


def test_the_guess_names_provider_and_code() -> None:
    told = describe(guess(REPLY), default_classifier(), Sentences(load()))
    assert "Gmail" in told
    assert "550 5.7.26" in told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (REPLY, ("shop.example", "192.0.2.10")),
        ("554 5.7.1 Client host [198.51.100.25] blocked", ("", "198.51.100.25")),
        ("550 spf=fail smtp.mailfrom=bounce@news.example; dmarc=fail header.from=news.example", ("news.example", "")),
        ("550 5.1.1 <kim@there.example> unknown", ("", "")),
        ("SPF [-] with ip: [999.1.1.1]", ("", "")),
    ],
)
def test_what_a_reply_names_itself(text: str, named: tuple[str, str]) -> None:
    assert named_in(text) == named


async def test_a_paste_of_many_lines_is_guessed_and_fills_the_fields(opened: Opened) -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, StartScreen)
        pilot.app.post_message(events.Paste(REPLY))
        await settle(pilot)
        assert "Gmail" in screen.guessed
        assert "550 5.7.26" in painted(pilot)
        assert screen.query_one(GivenRow).given.domain == "shop.example"
        assert screen.query_one(GivenRow).given.ips == ("192.0.2.10",)
        assert "deliverkit explain" in painted(pilot)


async def test_what_the_user_typed_into_the_fields_stays(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "tab", *"bakery.example", "shift+tab")
        pilot.app.screen.query_one(Intake).text = REPLY
        await settle(pilot)
        assert pilot.app.screen.query_one(GivenRow).given.domain == "bakery.example"


async def test_enter_makes_a_case_of_a_reply(opened: Opened) -> None:
    async with opened(REPLY) as pilot:
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen.case.diagnosis.verdict.reason == "dmarc.unauthenticated"
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, StartScreen)
        assert pilot.app.screen.query_one(Intake).text == REPLY


async def test_a_code_alone_becomes_a_case(opened: Opened) -> None:
    async with opened("5.7.26") as pilot:
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen.case.bounce.reply.enhanced_code == "5.7.26"


@pytest.mark.parametrize(
    ("text", "door", "subject"),
    [
        ("shop.example", "open_audit", ("shop.example",)),
        ("a.example\nb.example", "open_audit", ("a.example", "b.example")),
        ("192.0.2.10", "open_blocklists", "192.0.2.10"),
    ],
)
async def test_domains_and_ips_open_their_screens(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, text: str, door: str, subject: object
) -> None:
    async with opened(text) as pilot:
        called: list[object] = []
        monkeypatch.setattr(pilot.app, door, called.append)
        await keys(pilot, "enter")
        assert called == [subject]


async def test_a_file_is_read_and_a_missing_one_is_told(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "bounce.txt").write_text(REPLY, encoding="utf-8")
    async with opened("./missing.txt") as pilot:
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, StartScreen)
        assert any("missing.txt" in n.message for n in pilot.app._notifications)
        pilot.app.screen.query_one(Intake).text = "./bounce.txt"
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, CaseScreen)


async def test_a_wrong_value_is_told_and_nothing_is_lost(opened: Opened) -> None:
    async with opened(REPLY) as pilot:
        await settle(pilot)
        pilot.app.screen.query_one("#given-ip").value = "not an ip"  # type: ignore[attr-defined]
        await keys(pilot, "enter")
        assert isinstance(pilot.app.screen, StartScreen)
        assert pilot.app._notifications
        assert pilot.app.screen.query_one(Intake).text == REPLY


async def test_the_examples_open_by_key_and_by_mouse(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f9")
        assert isinstance(pilot.app.screen, CaseScreen)
        await keys(pilot, "escape")
        choices = pilot.app.screen.query_one("#choices")
        index = next(i for i, o in enumerate(choices.options) if o.id == "demo-1")  # type: ignore[attr-defined]
        await pilot.click("#choices", offset=(5, 1 + index + 1))
        await settle(pilot)
        assert isinstance(pilot.app.screen, CaseScreen)
        assert pilot.app.screen.case.target.domain == "newsletter.example"


async def test_help_speaks_of_the_focused_widget_first(opened: Opened) -> None:
    async with opened() as pilot:
        await keys(pilot, "f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert pilot.app.screen.page.startswith(Intake.HELP or "")
        assert StartScreen.HELP is not None
        assert StartScreen.HELP in pilot.app.screen.page
        await keys(pilot, "escape")
        assert isinstance(pilot.app.screen, StartScreen)


async def test_every_binding_with_a_description_has_an_id_and_at_most_six_are_in_the_footer(opened: Opened) -> None:
    async with opened() as pilot:
        for names in ((), ("f9",), ("2",), ("escape", "escape", "f5")):
            await keys(pilot, *names)
            active = [b for _, b, enabled, _ in pilot.app.screen.active_bindings.values() if enabled]
            ours = [b for b in active if b.show and b.description]
            assert len({b.action for b in ours if b.action != "command_palette"}) <= 5, [b.description for b in ours]


async def test_the_palette_has_what_the_keys_do(opened: Opened) -> None:
    from deliverkit_tui.palette import Actions

    async with opened() as pilot:
        await keys(pilot, "f9")
        entries = {title for title, _, _ in Actions(pilot.app.screen).entries()}
        assert {"Export", "Run every check", "Open the history", "Back", "Help"} <= entries
        assert any(title.startswith("Verify: ") for title in entries)
