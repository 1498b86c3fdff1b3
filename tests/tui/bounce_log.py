"""A mail server's log for the tests of the bounces screen."""

from __future__ import annotations

from pathlib import Path

AUTH = (
    "550-5.7.26 Your email has been blocked because the sender is unauthenticated. "
    "SPF [shop.example] with ip: [192.0.2.10] = did not pass gsmtp"
)
GONE = "550-5.1.1 The email account that you tried to reach does not exist. gsmtp"
FULL = "452 4.2.2 The email account that you tried to reach is over quota"
ODD = "550 Zorblax refuses gnarf today"
GOOGLE = "gmail-smtp-in.l.google.com[198.51.100.27]:25"
OTHER = "mx.example.org[203.0.113.5]:25"


def log_lines(*said: tuple[str, str, str, int]) -> str:
    """Lines of Postfix: sender's domain, host, reply, how often."""
    lines = []
    number = 0
    for domain, host, reply, times in said:
        for _ in range(times):
            number += 1
            at = f"2026-11-{1 + number % 9:02}T10:{number // 60 % 60:02}:{number % 60:02}.000000+00:00 mx"
            queue = f"{0xABC0000 + number:X}"
            lines.append(f"{at} postfix/qmgr[1]: {queue}: from=<news@{domain}>, size=999, nrcpt=1 (queue active)")
            to = f"{at} postfix/smtp[2]: {queue}: to=<reader{number}@example.com>, relay={host}, delay=1, dsn="
            if reply:
                code = reply[4:].split()[0] if reply[4].isdigit() else "5.0.0"
                status = "deferred" if reply[0] == "4" else "bounced"
                lines.append(f"{to}{code}, status={status} (host {host.split(':')[0]} said: {reply})")
            else:
                lines.append(f"{to}2.0.0, status=sent (250 2.0.0 OK)")
    return "\n".join(lines) + "\n"


def put(name: str, content: str | bytes) -> Path:
    """A file in the test's folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def taken(name: str) -> str:
    """What stands in a file."""
    return Path(name).read_text(encoding="utf-8")


def write_log(name: str = "mail.log") -> Path:
    """A log with a bit of everything, in the test's folder."""
    path = Path(name)
    path.write_text(
        log_lines(
            ("shop.example", GOOGLE, "", 60),
            ("shop.example", GOOGLE, AUTH, 9),
            ("news.example", GOOGLE, GONE, 7),
            ("news.example", GOOGLE, FULL, 5),
            ("news.example", OTHER, ODD, 3),
        ),
        encoding="utf-8",
    )
    return path
