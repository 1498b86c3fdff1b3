"""What the configuration and the palette change about the screens: keys, theme, language."""

from __future__ import annotations

import pytest
from textual.binding import Binding

from deliverkit.errors import ConfigError
from deliverkit.session import Network
from deliverkit_tui.app import DeliverkitApp
from deliverkit_tui.keys import checked, keys
from deliverkit_tui.palette import Actions
from deliverkit_tui.screens.catalogue import CatalogueScreen
from deliverkit_tui.screens.start import StartScreen

DEMO = Network(replay="demo")


def test_every_key_that_does_something_has_an_id_of_its_own() -> None:
    known = keys()
    assert known["steps.verify"].key == "v"
    assert all(key.does for key in known.values())
    places = [(node, vars(node).get("BINDINGS", ())) for node in StartScreen.__mro__]
    own = [b for node, found in places if node.__module__.startswith("deliverkit_tui.") for b in found]
    assert own
    assert {b.id for b in own if isinstance(b, Binding)} <= set(known)


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"app\.catalog\b") as caught:
        checked({"app.catalog": "f8"})
    assert "app.catalogue" in caught.value.advice


async def test_a_key_of_the_configuration_takes_the_place_of_ours() -> None:
    app = DeliverkitApp("", DEMO, keys={"app.catalogue": "f8"})
    async with app.run_test() as pilot:
        await pilot.press("f4")
        assert isinstance(app.screen, StartScreen)
        await pilot.press("f8")
        await pilot.pause()
        assert isinstance(app.screen, CatalogueScreen)


async def test_the_theme_of_the_configuration_is_worn() -> None:
    app = DeliverkitApp("", DEMO, theme="textual-light")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "textual-light"


def test_a_theme_that_there_is_not_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        DeliverkitApp("", DEMO, theme="pink")
    assert "textual-dark" in caught.value.advice


async def test_the_palette_offers_the_other_languages_in_their_own_words() -> None:
    app = DeliverkitApp("", DEMO)
    async with app.run_test() as pilot:
        await pilot.pause()
        offered = {title: call for title, _about, call in Actions(app.screen).entries()}
        assert "Language: English" not in offered
        offered["Idioma: Português"]()
        await pilot.pause()
    assert app.wanted_lang == "pt"
