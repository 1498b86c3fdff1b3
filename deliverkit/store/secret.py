"""The key behind hashed addresses: a file of its own, made once, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from deliverkit.errors import StoreError
from deliverkit.language import _

_BYTES = 32


def default_key_file() -> Path:
    """Beside the user's configuration: not beside the store, where one copy would take both."""
    from platformdirs import user_config_path

    return user_config_path("deliverkit", appauthor=False) / "recipients.key"


def secret_from(path: Path, *, create: bool) -> bytes:
    """The key in a file, which is made when ``create``. Raises StoreError."""
    try:
        if create and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_hex(_BYTES) + "\n")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise StoreError(
            _("{path}: the key of the hashed addresses cannot be read: {why}").format(path=path, why=error.strerror),
            advice=_("Without this key no address can be looked up; name the file with --key-file or store.key_file."),
        ) from error
    except ValueError:
        key = b""
    if len(key) < _BYTES:
        raise StoreError(
            _("{path}: not a key").format(path=path), advice=_("A key file holds 64 hexadecimal digits on one line.")
        )
    return key


def fingerprint(secret: bytes) -> str:
    """What tells two keys apart and says nothing about either."""
    return blake2b(b"deliverkit recipients", digest_size=8, key=secret).hexdigest()
