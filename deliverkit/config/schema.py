"""Every setting there is: one table of typed keys. The reference page and ``deliverkit config`` are made from it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from deliverkit.language import LANGUAGES, _

Value = str | float | bool | tuple[str, ...] | None
"""What a setting can hold; None where it is not set and the program decides."""


class Kind(Enum):
    """What a value has to be."""

    TEXT = "text"
    TEXTS = "list of texts"
    NUMBER = "number"
    WHOLE = "whole number"
    SWITCH = "true or false"
    PATH = "path"
    """Relative to the file that holds it."""
    PATHS = "list of paths"
    PLACE = "path or URL"
    """A relative path is relative to the file that holds it."""

    @property
    def wanted(self) -> str:
        """What to write, in words."""
        return {
            Kind.TEXT: _("a text in quotes"),
            Kind.TEXTS: _("a list of texts, such as ['a', 'b']"),
            Kind.NUMBER: _("a number"),
            Kind.WHOLE: _("a whole number"),
            Kind.SWITCH: _("true or false"),
            Kind.PATH: _("a path in quotes"),
            Kind.PATHS: _("a list of paths, such as ['a.toml', 'b.toml']"),
            Kind.PLACE: _("a path or a URL in quotes"),
        }[self]


class Key(NamedTuple):
    """One setting."""

    name: str
    """``section.key``."""
    kind: Kind
    default: Value
    help: str
    """What it does, in one line."""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    parameter: str = ""
    """The parameter of the commands that takes its value from here; empty where no flag says the same."""
    commands: tuple[str, ...] = ()
    """Only these commands take it; empty for all that have the parameter."""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return "DELIVERKIT_" + self.name.replace(".", "_").upper()


_SUPPRESSION_DAYS = 3650
FORMATS = (
    *("text", "json", "jsonl", "csv", "markdown", "html"),
    *("junit", "sarif", "github", "openmetrics", "parquet"),
)
"""Every form that some command has."""

KEYS: tuple[Key, ...] = (
    Key(
        "network.nameservers",
        Kind.TEXTS,
        (),
        help="Name servers to ask: IP, IP:PORT, tls://HOST or https://HOST/PATH. Empty: the system's.",
        parameter="nameservers",
    ),
    Key(
        "network.timeout",
        Kind.NUMBER,
        3.0,
        help="Seconds for one question to one name server.",
        least=0.05,
        most=60,
        parameter="timeout",
    ),
    Key(
        "network.deadline",
        Kind.NUMBER,
        30.0,
        help="Seconds for the whole run, in an audit for each domain; what is not answered by then is unknown.",
        least=0.1,
        most=600,
        parameter="deadline",
    ),
    Key("network.http", Kind.SWITCH, True, help="Whether documents may be fetched over HTTPS.", parameter="http"),
    Key("network.smtp", Kind.SWITCH, True, help="Whether mail servers may be connected to.", parameter="smtp"),
    Key(
        "network.allow_private",
        Kind.SWITCH,
        False,
        help="Whether HTTPS and SMTP connections may go to private and other reserved addresses.",
        parameter="allow_private",
    ),
    Key(
        "output.lang",
        Kind.TEXT,
        None,
        help="Language of sentences; ids and JSON keys never change. Not set: the locale's.",
        choices=LANGUAGES,
        parameter="lang",
    ),
    Key(
        "output.color",
        Kind.TEXT,
        "auto",
        help="When to colour text.",
        choices=("auto", "always", "never"),
        parameter="color",
    ),
    Key(
        "output.format",
        Kind.TEXT,
        "text",
        help="Form of the result; a command that does not have this form keeps its own.",
        choices=FORMATS,
        parameter="fmt",
    ),
    Key(
        "audit.checks",
        Kind.TEXTS,
        None,
        help="Only these checks; 'all' for every one. Not set: those that need no mail server.",
        parameter="checks",
    ),
    Key("audit.selectors", Kind.TEXTS, (), help="DKIM selectors to look at.", parameter="selectors"),
    Key("audit.ips", Kind.TEXTS, (), help="Sending IPs. Empty: those that SPF names.", parameter="ips"),
    Key(
        "audit.fail_on",
        Kind.TEXT,
        "error",
        help="Exit with 1 for findings of this severity or worse.",
        choices=("error", "warning", "notice", "never"),
        parameter="fail_on",
    ),
    Key(
        "audit.jobs",
        Kind.WHOLE,
        None,
        help="Domains audited at the same time. Not set: the command's own number.",
        least=1,
        most=10_000,
        parameter="jobs",
        commands=("audit",),
    ),
    Key(
        "audit.per_server",
        Kind.WHOLE,
        None,
        help="Questions in flight to one name server. Not set: the command's own number.",
        least=1,
        most=10_000,
        parameter="per_server",
        commands=("audit",),
    ),
    Key(
        "replies.rules",
        Kind.PATHS,
        (),
        help="Files with reply rules of your own; they win over ours.",
        parameter="rule_files",
    ),
    Key(
        "suppression.dead_at_once",
        Kind.SWITCH,
        True,
        help="Suppress an address when a reply proves that it is dead.",
    ),
    Key(
        "suppression.soft_failures",
        Kind.WHOLE,
        5,
        help="Suppress after temporary failures on this many different days, without a delivery in between; 0: never.",
        least=0,
        most=10_000,
    ),
    Key(
        "suppression.soft_days",
        Kind.WHOLE,
        7,
        help="And only when at least so many days lie between the first and the last of these failures.",
        least=0,
        most=_SUPPRESSION_DAYS,
    ),
    Key(
        "suppression.forget_days",
        Kind.WHOLE,
        90,
        help="A temporary failure counts for so many days.",
        least=1,
        most=_SUPPRESSION_DAYS,
    ),
    Key("suppression.complaint", Kind.SWITCH, True, help="Suppress an address whose owner complained."),
    Key("suppression.unsubscribe", Kind.SWITCH, True, help="Suppress an address whose owner unsubscribed."),
    Key(
        "suppression.delivery_revives",
        Kind.SWITCH,
        True,
        help="Whether a later delivery ends a suppression for failures; a complaint or an unsubscribe it never ends.",
    ),
    Key(
        "store.url",
        Kind.PLACE,
        None,
        help="The memory of addresses: a file, sqlite:///FILE or postgresql://… Not set: a file of the user's.",
        parameter="store",
    ),
    Key(
        "store.hash_recipients",
        Kind.SWITCH,
        False,
        help="Keep no plain address, only a keyed hash of it.",
        parameter="hash_recipients",
    ),
    Key(
        "store.key_file",
        Kind.PATH,
        None,
        help="The secret key of these hashes. Not set: recipients.key beside the user's configuration.",
        parameter="key_file",
    ),
    Key("tui.theme", Kind.TEXT, None, help="Theme of the interactive screen."),
)
"""Every setting with one value, in the order it is shown. Tables (severity, ignore, keys) stand in ``tables``."""

BY_NAME = {key.name: key for key in KEYS}
SECTIONS = tuple(dict.fromkeys(key.name.partition(".")[0] for key in KEYS))
TABLES = ("severity", "ignore", "keys")
"""Sections with names of the user's choice: ``[severity]``, ``[[ignore]]``, ``[keys]``."""
SEVERITIES = ("error", "warning", "notice", "info", "ignore")
"""What ``[severity]`` may make of a finding; ``ignore`` leaves it out."""
