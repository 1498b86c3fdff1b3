"""What real servers wrote when a server refused three messages: one for good, one for now until it expired, one after
its content was sent. (tests/data/logs; each server sent to a listener on the same machine.)"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.event import Event, Kind
from deliverkit.bounces.files import Chunk, chunks, read

LOGS = Path(__file__).parent.parent / "data" / "logs"
HARD = "550 5.1.1 The email account that you tried to reach does not exist."
SOFT = "450 4.2.0 Greylisted, come back later"
SPAM = "554 5.7.1 Message content rejected as spam"


@pytest.mark.parametrize("name", ["postfix-3.7", "exim-4.96", "opensmtpd-6.8"])
def test_the_log_of_a_real_server(name: str) -> None:
    (chunk,) = chunks([str(LOGS / f"{name}.log")], now=datetime(2026, 12, 1, tzinfo=UTC))
    assert isinstance(chunk, Chunk)
    assert chunk.source == name.partition("-")[0]
    items = list(read(chunk))
    found = [item for item in items if isinstance(item, Event)]
    assert len(found) == len(items)
    ours = [event for event in found if event.bounce.sender == "news@example.com"]
    assert {event.kind for event in ours} == {Kind.BOUNCE}
    for who, words in (("hard@example.net", HARD), ("soft@example.org", SOFT)):
        told = {e.bounce.reply.text for e in ours if e.bounce.recipient == who and e.last is None}
        assert told == {words}
    assert {e.bounce.reply.text for e in ours if (e.bounce.recipient or "").startswith("data@")} == {SPAM}
    (over,) = (event for event in ours if event.last is not None)
    assert over.last is not None
    assert (over.bounce.recipient, over.last.text) == ("soft@example.org", SOFT)
    assert default_classifier().classify(over.bounce).reason == "recipient_error.expired"
    assert default_classifier().classify(over.last).reason == "rate_limit.greylisted"
