"""Account keys of blocklists: where they come from, and how they stay out of everything that is shown or kept.

A key is a label of the name that is asked (``{q}.{key}.zen.dq.spamhaus.net``), so a name that was asked is as
secret as the key. Keys are read from environment variables such as ``DELIVERKIT_KEY_SPAMHAUS_DQS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from deliverkit.net.resolver import Answer

PREFIX = "DELIVERKIT_KEY_"
REDACTED = "redacted-key"
"""Stands where a key was; a label itself, so that a recording made with a key can be replayed with this one."""

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SHORTEST = 8
"""Shorter texts are no keys, and taking them out of an answer would mangle it."""


def keys_from(environment: Mapping[str, str]) -> dict[str, str]:
    """Keys by their name (``spamhaus-dqs``) from environment variables; empty ones count as not given."""
    return {
        name.removeprefix(PREFIX).lower().replace("_", "-"): value.strip()
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }


def is_key(text: str) -> bool:
    """Whether a text can be an account key: one DNS label of eight characters or more."""
    return len(text) >= _SHORTEST and _LABEL.fullmatch(text) is not None


def redact(text: str, keys: Iterable[str]) -> str:
    """``text`` without any of the keys, however they are written."""
    for key in keys:
        if is_key(key) and key != REDACTED:
            text = re.sub(re.escape(key), REDACTED, text, flags=re.IGNORECASE)
    return text


def redacted(answer: Answer, keys: Iterable[str]) -> Answer:
    """An answer that may be shown, and kept in a recording."""
    secrets = tuple(keys)
    if not secrets:
        return answer
    return replace(
        answer,
        name=redact(answer.name, secrets),
        records=tuple(redact(record, secrets) for record in answer.records),
        cname=tuple(redact(name, secrets) for name in answer.cname),
        detail=redact(answer.detail, secrets),
    )
