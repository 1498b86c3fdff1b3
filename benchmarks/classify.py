"""Replies a second: all rules in automata against the same rules tried one by one with ``re``.

Usage: python benchmarks/classify.py [REPLIES]

Two streams, warm-up included: *new*, the rules' own examples with addresses, hosts, IPs and queue ids drawn anew for
each, so that no two texts are equal and nothing is learned by heart; and *repeated*, the examples as they are, over
and over, as a log holds the words of the same few servers.
"""

from __future__ import annotations

import random
import re
import sys
import time

from deliverkit.bounces.classify import Classifier
from deliverkit.bounces.reply import parse_reply
from deliverkit.knowledge import load
from deliverkit.model import Bounce

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"


def varied(examples: list[str], count: int, seed: int = 20261122) -> list[str]:
    """``count`` one-line replies made from the examples."""
    draw = random.Random(seed)

    def word(size: int, letters: str = LETTERS) -> str:
        return "".join(draw.choices(letters, k=size))

    texts = []
    for _ in range(count):
        text = draw.choice(examples)
        text = re.sub(r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+", lambda _: _ip(draw), text)
        text = re.sub(r"\bexample\.(com|net|org|jp)\b", lambda m: f"{word(8)}.{m[1]}", text)
        text = text.replace("user@", f"{word(6)}@")
        texts.append(f"{text} {word(14, LETTERS + DIGITS)}")
    return texts


def _ip(draw: random.Random) -> str:
    return ".".join(str(draw.randrange(1, 255)) for _ in range(4))


def _rate(classifier: Classifier, texts: list[str]) -> float:
    """Replies a second, from text to verdict."""
    classify = classifier.classify
    start = time.perf_counter()
    for text in texts:
        classify(Bounce(parse_reply(text)))
    return len(texts) / (time.perf_counter() - start)


def main(count: int) -> None:
    knowledge = load()
    examples = [e for info in knowledge.rule_info.values() for e in info.examples if "\n" not in e]
    texts = varied(examples, count)

    start = time.perf_counter()
    classifier = Classifier(knowledge)
    made = time.perf_counter() - start

    new = _rate(classifier, texts)
    repeated = _rate(Classifier(knowledge), (examples * (count // len(examples) + 1))[:count])

    patterns = [re.compile(rule.pattern, re.IGNORECASE) for rule in knowledge.rules]
    few = texts[: max(200, count // 500)]
    start = time.perf_counter()
    for text in few:
        line = parse_reply(text).text
        [index for index, pattern in enumerate(patterns) if pattern.search(line)]
    one_by_one = len(few) / (time.perf_counter() - start)

    print(f"rules                 {len(patterns):>10,}")
    print(f"making the classifier  {made * 1000:>10.1f} ms")
    print(f"read and judged, new  {new:>10,.0f} replies/s (over {count:,})")
    print(f"... repeated          {repeated:>10,.0f} replies/s (over {count:,})")
    print(f"one by one with re    {one_by_one:>10,.0f} replies/s (over {len(few):,})")
    print(f"ratio                 {new / one_by_one:>10.0f} (new)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
