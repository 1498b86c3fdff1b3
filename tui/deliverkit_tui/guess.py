"""What a text is taken for while it is typed or pasted: cheap, without I/O, never an exception."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from deliverkit.language import _
from deliverkit.report.clean import one_line

if TYPE_CHECKING:
    from deliverkit.bounces.classify import Classifier
    from deliverkit.model import Bounce
    from deliverkit.report.sentences import Sentences

MAX_TEXT = 1_000_000
"""Characters looked at."""
_MAX_DOMAINS = 10_000
_CODE = re.compile(r"(?:[245]\d\d)?[\s-]*(?:[245]\.\d{1,3}\.\d{1,3})?")
_PATH = re.compile(
    r"(?:[~.]{0,2}/|[A-Za-z]:\\).+|\.{1,2}|[^@\s:]+/[^@\s:]*|"
    r"[^/@\s]+\.(?:eml|txt|log|mbox|msg|jsonl?|ndjson|csv|gz|bz2|xz|zst|journal)",
    re.S,
)


class Kind(StrEnum):
    """What the input can be."""

    NOTHING = "nothing"
    REPLY = "reply"
    MAIL = "mail"
    ORDINARY = "ordinary"
    """A mail that no mail system sent."""
    CODE = "code"
    DOMAIN = "domain"
    IP = "ip"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Guess:
    """What the input is taken for."""

    kind: Kind
    subjects: tuple[str, ...] = ()
    """Domains, the IP, the code or the path."""
    bounces: tuple[Bounce, ...] = ()
    """Replies found in the text."""
    classifier: Classifier | None = None
    """Who judges them: of a mail, its kind decides (an auto reply, a complaint), not its words."""


def guess(text: str) -> Guess:
    """What ``text`` is. Only its first million characters are looked at."""
    words = text[:MAX_TEXT].strip()
    if not words:
        return Guess(Kind.NOTHING)
    if not any(map(str.isalnum, words[:MAX_TEXT])):
        return Guess(Kind.NOTHING)
    if "\n" not in words and len(words) < 300:
        found = _one(words)
        if found is not None:
            return found
    elif domains := _domains(words):
        return Guess(Kind.DOMAIN, domains)
    from deliverkit.bounces.mail.looks import looks_like_mail
    from deliverkit.bounces.pasted import read_bounces

    if "\n" in words and looks_like_mail(words):
        return guess_mail(text[:MAX_TEXT])
    bounces = tuple(read_bounces(words))
    return Guess(Kind.REPLY, (), bounces) if bounces else Guess(Kind.NOTHING)


def guess_mail(mail: str | bytes) -> Guess:
    """What a whole mail is: bounces, another kind of report, or an ordinary mail."""
    from deliverkit.bounces.classify import default_classifier
    from deliverkit.bounces.given import bounces_in
    from deliverkit.knowledge import load

    found = bounces_in(mail, default_classifier(), load())
    if not found.bounces:
        return Guess(Kind.ORDINARY if found.ordinary else Kind.NOTHING)
    return Guess(Kind.MAIL, (), found.bounces, found.classifier)


def _one(word: str) -> Guess | None:
    """One line that is a code, an IP, a path or domains."""
    from deliverkit.checks.names import is_ip

    if _CODE.fullmatch(word):
        from deliverkit.bounces.reply import parse_reply
        from deliverkit.model import Bounce

        return Guess(Kind.CODE, (word,), (Bounce(parse_reply(word)),))
    bare = word.strip("[]")
    if is_ip(bare):
        return Guess(Kind.IP, (bare,))
    if _PATH.fullmatch(word) and "://" not in word:
        return Guess(Kind.PATH, (word,))
    domains = _domains(word)
    return Guess(Kind.DOMAIN, domains) if domains else None


def _domains(text: str) -> tuple[str, ...]:
    """The domains of a list, one a line or between commas; empty if anything in it is none."""
    from deliverkit.checks.names import domain_name
    from deliverkit.errors import InputError

    parts = [part for part in re.split(r"[,;\n]+", text) if part.strip() and not part.lstrip().startswith("#")]
    if not 0 < len(parts) <= _MAX_DOMAINS:
        return ()
    found = []
    for part in parts:
        word = part.strip()
        if " " in word or "." not in word:
            return ()
        try:
            found.append(domain_name(word))
        except InputError:
            return ()
    return tuple(dict.fromkeys(found))


_NAMES_DOMAIN = re.compile(
    r"\bSPF \[([a-z0-9._-]{3,253})\]|\b(?:header\.from|smtp\.mailfrom)=(?:[^@\s;]{1,64}@)?([a-z0-9._-]{3,253})", re.I
)
_NAMES_IP = re.compile(r"\b(?:with ip:?|client-ip=|client host|sender ip is)\s{0,3}\[?([0-9a-f.:]{7,45})\]?", re.I)


def named_in(text: str) -> tuple[str, str]:
    """Sending domain and IP, where the reply says plainly which ones it judged; empty where it does not."""
    from deliverkit.checks.names import domain_name, is_ip
    from deliverkit.errors import InputError

    head = text[:20_000]
    domain = ""
    if found := _NAMES_DOMAIN.search(head):
        try:
            domain = domain_name(found[1] or found[2])
        except InputError:
            domain = ""
    ips = (match[1].rstrip(".:") for match in _NAMES_IP.finditer(head))
    return domain, next((ip for ip in ips if is_ip(ip)), "")


def describe(found: Guess, classifier: Classifier | None, say: Sentences | None) -> str:
    """The guess in a few words, for the line under the input."""
    match found.kind:
        case Kind.NOTHING:
            return ""
        case Kind.ORDINARY:
            return _("a mail, but no bounce")
        case Kind.IP:
            return _("IP · look up blocklists for {ip}").format(ip=found.subjects[0])
        case Kind.PATH:
            return _("a file or folder · read {path}").format(path=one_line(found.subjects[0], 60))
        case Kind.DOMAIN:
            many = len(found.subjects)
            return (
                _("domain · audit {domain}").format(domain=found.subjects[0])
                if many == 1
                else _("{many} domains · audit them all").format(many=many)
            )
        case _:
            return _reply(found, classifier, say)


def _reply(found: Guess, classifier: Classifier | None, say: Sentences | None) -> str:
    first = found.bounces[0]
    reply = first.reply
    codes = " ".join(str(code) for code in (reply.code, reply.enhanced_code) if code)
    name = {Kind.CODE: _("SMTP code"), Kind.MAIL: _("bounce mail")}.get(found.kind)
    if found.classifier is not None and say:
        verdict = found.classifier.classify(first)
        if verdict.category == "not_a_bounce":
            return _joined((say.category(verdict.category), say.reason(verdict.reason)))
    name = name or (_("SMTP reply") if codes else _("words of a server, without a code"))
    provider = say.provider(classifier.provider_of(first)) if classifier and say else ""
    more = _("and {count} more").format(count=len(found.bounces) - 1) if len(found.bounces) > 1 else ""
    return _joined((name, provider, codes, more))


def _joined(parts: Sequence[str]) -> str:
    return " · ".join(part for part in parts if part)
