"""How many replies a second are classified: every example of every rule, each made different."""

from __future__ import annotations

import time

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.reply import parse_reply
from deliverkit.knowledge import load
from deliverkit.model import Bounce

ROUNDS = 10


def texts() -> list[str]:
    """Examples of all rules; a number in each keeps them from being remembered as the same."""
    examples = [example for info in load().rule_info.values() for example in info.examples]
    return [f"{example} [{number}]" for number in range(ROUNDS) for example in examples]


if __name__ == "__main__":
    start = time.perf_counter()
    classifier = Classifier(load())
    classifier.classify(Bounce(parse_reply("550 5.1.1 No such user here")))
    print(f"first verdict   {(time.perf_counter() - start) * 1000:9.0f} ms, rules loaded and compiled")

    replies = texts()
    start = time.perf_counter()
    bounces = [Bounce(parse_reply(text)) for text in replies]
    print(f"reading         {len(replies) / (time.perf_counter() - start):9,.0f} replies a second")

    start = time.perf_counter()
    for bounce in bounces:
        classifier.classify(bounce)
    print(f"classifying     {len(bounces) / (time.perf_counter() - start):9,.0f} replies a second")
