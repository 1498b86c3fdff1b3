"""A log of a mail server for the pictures: a day and a half of a small shop."""

from __future__ import annotations

_GOOGLE = "gmail-smtp-in.l.google.com[198.51.100.27]:25"
_OUTLOOK = "example-org.mail.protection.outlook.com[198.51.100.36]:25"
_OWN = "mx.example.net[203.0.113.5]:25"
_SAID = (
    ("shop.example", _GOOGLE, "", 310),
    ("shop.example", _OWN, "", 145),
    (
        "shop.example",
        _GOOGLE,
        (
            "550-5.7.26 Your email has been blocked because the sender is unauthenticated. "
            "SPF [shop.example] with ip: [192.0.2.10] = did not pass gsmtp"
        ),
        21,
    ),
    ("news.example", _GOOGLE, "550-5.1.1 The email account that you tried to reach does not exist. gsmtp", 12),
    ("news.example", _GOOGLE, "452 4.2.2 The email account that you tried to reach is over quota", 8),
    ("shop.example", _OUTLOOK, "550 5.7.1 Service unavailable, Client host [192.0.2.10] blocked using Spamhaus.", 6),
    ("news.example", _OWN, "450 4.2.0 <reader@example.net>: Recipient address rejected: Greylisted", 5),
    ("news.example", _OWN, "554 Our gnome at the gate does not like this letter", 3),
)


def _lines() -> str:
    lines = []
    number = 0
    for domain, host, reply, times in _SAID:
        for _ in range(times):
            number += 1
            moment = number * 255 % 129_600
            clock = f"{moment // 3600 % 24:02}:{moment // 60 % 60:02}:{moment % 60:02}"
            at = f"2026-11-{9 + moment // 86_400:02}T{clock}.000000+00:00 mail"
            queue = f"{0xABC0000 + number:X}"
            lines.append(f"{at} postfix/qmgr[1]: {queue}: from=<news@{domain}>, size=4096, nrcpt=1 (queue active)")
            to = f"{at} postfix/smtp[2]: {queue}: to=<reader{number}@example.com>, relay={host}, delay=1, dsn="
            code = reply[4:9] if reply[4:5].isdigit() else "5.0.0"
            status = "deferred" if reply[:1] == "4" else "bounced"
            said = f"{code}, status={status} (host {host.split(':')[0]} said: {reply})"
            lines.append(to + (said if reply else "2.0.0, status=sent (250 2.0.0 OK)"))
    return "\n".join(lines) + "\n"


LOG = _lines()
"""The whole log."""
