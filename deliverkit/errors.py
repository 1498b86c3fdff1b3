"""One tree of exceptions. Each carries advice: what the person who meets it can do next.

What DNS or a receiving server *says* is never an exception (it is a value); these are for
input that cannot be read, knowledge that is malformed, and set-ups that cannot work.
"""

from __future__ import annotations


class DeliverkitError(Exception):
    """Base of everything deliverkit raises on purpose.

    ``str(error)`` is one sentence that names the file, line or value; ``advice`` is one more
    that says what to do. The command line prints both on stderr and exits with ``exit_code``.
    """

    exit_code = 2

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class InputError(DeliverkitError):
    """The user's input is not what the command takes: not a domain, a private IP, an empty text."""


class FileError(InputError):
    """A file the user named is missing, unreadable, too large or malformed."""


class KnowledgeError(DeliverkitError):
    """A knowledge file (ours or the user's) is malformed; the message names file, key and line."""


class ResolverError(DeliverkitError):
    """The chosen name server cannot be used at all: bad address, unknown scheme, no such file."""


class ConfigError(InputError):
    """A configuration file or variable is unreadable or malformed; the message names file, line and key."""


class StoreError(DeliverkitError):
    """The memory of addresses cannot be opened, read or written."""
