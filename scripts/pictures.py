"""Pictures of the screens for the documentation, taken on the recorded world: ``python -m scripts.pictures``."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "en" / "assets" / "screens"
SIZE = (100, 30)


async def take() -> None:
    """Walk through the job and keep a picture of each place."""
    from deliverkit.session import DEMO, Network
    from deliverkit_tui.app import DeliverkitApp
    from scripts.picture_log import LOG

    reply = tomllib.loads((DEMO / "cases.toml").read_text(encoding="utf-8"))["case"][0]["reply"]
    log = Path(tempfile.mkdtemp()) / "mail.log"
    log.write_text(LOG, encoding="utf-8")
    os.chdir(log.parent)
    for name, text, keys in (
        ("start", reply, ()),
        ("case", reply, ("enter",)),
        ("steps", reply, ("enter", "2")),
        ("audit", "shop.example\nlookups.example\nbakery.example\nnospf.example", ("enter",)),
        ("bounces", "mail.log", ()),
        ("incidents", "mail.log", ("f",)),
    ):
        app = DeliverkitApp(text.strip(), Network(replay="demo"))
        async with app.run_test(size=SIZE) as pilot:
            await _settle(pilot)
            for key in keys:
                await pilot.press(key)
                await _settle(pilot)
            PICTURES.mkdir(parents=True, exist_ok=True)
            # The font that Textual names would be fetched from somewhere else; the reader's own will do.
            picture = re.sub(
                r"@font-face \{.*?\}\s*", "", app.export_screenshot(title="deliverkit", simplify=True), flags=re.S
            )
            (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")


async def _settle(pilot: Pilot[int]) -> None:
    for _ in range(10):
        await pilot.pause(0.05)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.3)


if __name__ == "__main__":
    # Nobody's own history in a picture.
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp()
    asyncio.run(take())
