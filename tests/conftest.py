"""The ground rules of every test: no network beyond this machine, a clean environment, no clock in hypothesis."""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from deliverkit.knowledge import Knowledge, load

settings.register_profile("dev", deadline=None, max_examples=60)
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Run in the background by a shell: what the tests start would ignore Ctrl-C as well.
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.default_int_handler)

_ASKS_BY_NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_FOREIGN_ENV = ("DELIVERKIT_", "TEXTUAL", "CLICOLOR", "LC_", "XDG_")
_FOREIGN_NAMES = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "LANG", "LANGUAGE", "PAGER", "MANPAGER")


def _is_local(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """Fail the test that reaches out.

    An audit hook sees every socket of every library. ``pytest.fail`` raises a BaseException, so that code
    which rightly turns an OSError into an answer cannot turn this into one.
    """
    if event in _SENDS:
        address = args[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            pytest.fail(f"{event} to {address}: tests stay on this machine")
    elif event in _ASKS_BY_NAME and not (_is_local(args[0]) or _is_address(args[0])):
        pytest.fail(f"{event} for {args[0]!r}: tests do not ask the system's resolver")


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the developer's colours, language, terminal width nor configuration reach a test."""
    for name in list(os.environ):
        if name in _FOREIGN_NAMES or name.startswith(_FOREIGN_ENV):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The knowledge of the package, loaded once."""
    return load()


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder of pyproject.toml."""
    return Path(__file__).parent.parent
