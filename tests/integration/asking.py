"""Asking real servers as a user does: through the program's own session, and through the installed command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deliverkit.audit import audit
from deliverkit.checks import Target, World
from deliverkit.model import Audit, CheckResult, Outcome
from deliverkit.session import Network, in_world

DNS = ("spf", "dkim", "dmarc", "mx", "ptr")
"""The checks that need no blocklist."""
HANGS = 60.0
"""Seconds after which a command counts as hung; far beyond every deadline that is set here."""


def audited(
    server: str,
    domain: str,
    *,
    checks: Sequence[str] = DNS,
    timeout: float = 5.0,
    deadline: float = 30.0,
    **more: Any,
) -> Audit:
    """An audit through a session of its own; ``more`` are fields of ``Target``."""
    target = Target(domain, **more)

    async def job(world: World) -> Audit:
        return await audit(target, world, checks=checks)

    return in_world(Network((server,), timeout, deadline), job)


def ids(results: Iterable[CheckResult]) -> set[str]:
    """The findings of all checks."""
    return {finding.id for result in results for finding in result.findings}


def outcomes(results: Iterable[CheckResult]) -> dict[str, Outcome]:
    """What each check came to."""
    return {result.check: result.outcome for result in results}


@dataclass(frozen=True)
class Ran:
    """What the command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as one JSON document."""
        return json.loads(self.out)


def command(*words: str) -> Ran:
    """Run the installed ``deliverkit`` in a process of its own, without the user's settings."""
    program = Path(sys.executable).parent / "deliverkit"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DELIVERKIT_", "LC_"))}
    done = subprocess.run(
        [program, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
        env={**kept, "LANG": "C.UTF-8"},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def finding_ids(checks: Iterable[Mapping[str, Any]]) -> set[str]:
    """The findings of checks in a JSON document."""
    return {finding["id"] for check in checks for finding in check["findings"]}


@cache
def key_record(bits: int = 2048) -> str:
    """A DKIM record with a real key, as a zone file writes it: in pieces of at most 255 characters."""
    der = generate_private_key(65537, bits).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    import base64

    return txt(f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}")


def txt(text: str) -> str:
    """A TXT record of a zone file for a text of any length."""
    return " ".join(f'"{text[at : at + 250]}"' for at in range(0, max(len(text), 1), 250))
