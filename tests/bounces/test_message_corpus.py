"""Real reports of fifty systems: what each is, who failed, and why (``tests/data/bounces``, BSD, see LICENSE there)."""

from __future__ import annotations

from pathlib import Path

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.message import judge, read_messages

DATA = Path(__file__).parent.parent / "data" / "bounces"

MAILS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "arf-02": ("complaint", [("this-local-part-does-not-exist-on-yahoo@yahoo.com", "not_a_bounce.complaint")]),
    "arf-12": ("unsubscribe", [("user@example.com", "not_a_bounce.unsubscribe")]),
    "arf-23": ("complaint", [("kijitora@example.com", "not_a_bounce.complaint")]),
    "arf-26": ("unsubscribe", [("example@icloud.com", "not_a_bounce.unsubscribe")]),
    "lhost-amazonses-17": ("bounce", [("kijitora@example.com", "recipient_error.expired")]),
    "lhost-amazonworkmail-01": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_user")]),
    "lhost-aol-05": ("bounce", [("nyan@haineko.org", "invalid_address.unknown_domain")]),
    "lhost-barracuda-02": ("bounce", [("kijitora@example.jp", "rejected.spam_content")]),
    "lhost-courier-04": ("bounce", [("kijitora@example.cat", "invalid_address.unknown_domain")]),
    "lhost-domino-01": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_user")]),
    "lhost-dragonfly-01": ("bounce", [("pseudo-local-part@google.example.com", "dmarc.policy")]),
    "lhost-exchange2003-01": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_user")]),
    "lhost-exchange2007-01": ("bounce", [("mikeneko@example.co.jp", "invalid_address.unknown_user")]),
    "lhost-exim-33": ("bounce", [("pseudo-local-part-kijitora-nyaan@comcast.net", "sender_setup.no_ptr")]),
    "lhost-exim-44": ("bounce", [("kijitora@example.com", "recipient_error.system_error")]),
    "lhost-ezweb-07": ("bounce", [("this-local-part-does-not-exist@ezweb.ne.jp", "invalid_address.unknown_user")]),
    "lhost-facebook-03": ("bounce", [("kijitora@facebook.com", "mailbox_unavailable.restricted")]),
    "lhost-gmail-16": ("bounce", [("mailboxfull@bouncehammer.jp", "mailbox_full.over_quota")]),
    "lhost-gmx-01": ("bounce", [("shironeko@example.jp", "mailbox_full.over_quota")]),
    "lhost-googlegroups-15": (
        "bounce",
        [("neko-nyaan-cat-meeting@google-groups.example.com", "sender_setup.login_required")],
    ),
    "lhost-gsuite-05": ("bounce", [("sotoneko@haineko.org", "invalid_address.unknown_domain")]),
    "lhost-imailserver-01": ("bounce", [("kijitora@example.com", "invalid_address.unknown_user")]),
    "lhost-kddi-02": ("bounce", [("kijitora@00000000000000.dion.ne.jp", "mailbox_full.over_quota")]),
    "lhost-mailru-01": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_user")]),
    "lhost-mcafee-02": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_user")]),
    "lhost-messagingserver-05": ("bounce", [("kijitora@example.jp", "invalid_address.unknown_domain")]),
    "lhost-notes-03": ("bounce", [("kijitora@example.com", "invalid_address.unknown_user")]),
    "lhost-opensmtpd-04": ("delayed", [("kijitora@neko.example.jp", "not_a_bounce.delayed")]),
    "lhost-opensmtpd-05": ("bounce", [("kijitora@mail.example.co.jp", "recipient_error.expired")]),
    "lhost-outlook-04": (
        "bounce",
        [
            ("sabineko@example.co.jp", "invalid_address.unknown_user"),
            ("mikeneko@example.co.jp", "mailbox_full.over_quota"),
        ],
    ),
    "lhost-postfix-02": (
        "bounce",
        [
            ("filtered@example.co.jp", "invalid_address.unknown_user"),
            ("userunknown@example.co.jp", "invalid_address.unknown_user"),
        ],
    ),
    "lhost-postfix-50": ("bounce", [("soto-neko-nyaan@ntt.example.com", "recipient_error.system_error")]),
    "lhost-postfix-60": ("bounce", [("neko@mail.example.jp", "sender_setup.no_ptr")]),
    "lhost-powermta-02": ("bounce", [("kijitora@example.com", "invalid_address.unknown_user")]),
    "lhost-qmail-02": (
        "bounce",
        [
            ("userunknown@example.jp", "invalid_address.unknown_user"),
            ("filtered@example.jp", "invalid_address.unknown_user"),
        ],
    ),
    "lhost-qmail-06": ("bounce", [("kijitora@example.jp", "mailbox_full.over_quota")]),
    "lhost-qmail-20": ("bounce", [("pseudo-local-part-of-each-esp@gmail.com", "dmarc.policy")]),
    "lhost-sendgrid-02": (
        "bounce",
        [("this-local-part-does-not-exist-on-the-server@example.jp", "invalid_address.unknown_user")],
    ),
    "lhost-sendmail-11": ("bounce", [("kijitora@example.co.jp", "recipient_error.dns_temporary")]),
    "lhost-sendmail-14": ("bounce", [("kijitora@example.com", "invalid_address.unknown_user")]),
    "lhost-sendmail-17": ("bounce", [("kijitora@example.net", "invalid_address.unknown_user")]),
    "lhost-sendmail-31": (
        "bounce",
        [("kijitora@example.net", "rejected.attachment"), ("sabatora@example.net", "rejected.attachment")],
    ),
    "lhost-sendmail-54": ("bounce", [("kijitora@neko.example.jp", "recipient_error.connection")]),
    "lhost-v5sendmail-05": (
        "bounce",
        [
            ("kijitora@example.edu", "rejected.policy"),
            ("kuroneko@example.or.jp", "invalid_address.unknown_domain"),
            ("kijitora@example.org", "invalid_address.unknown_domain"),
            ("mikeneko@example.co.jp", "invalid_address.unknown_user"),
        ],
    ),
    "lhost-x6-01": ("bounce", [("kijitora@nyaan.example.org", "recipient_error.routing_loop")]),
    "lhost-yahoo-05": ("bounce", [("kijitora@example.co.jp", "invalid_address.unknown_user")]),
    "lhost-yandex-03": ("bounce", [("kijitora@6jo.example.jp", "recipient_error.connection")]),
    "lhost-zoho-02": (
        "bounce",
        [
            ("mikeneko@example.co.jp", "invalid_address.unknown_user"),
            ("sabineko@example.co.jp", "mailbox_full.over_quota"),
        ],
    ),
    "lhost-zoho-04": ("delayed", [("kijitora@6kaku.example.co.jp", "not_a_bounce.delayed")]),
    "rfc3464-28": (
        "delivered",
        [("kijitora@neko.example.jp", "not_a_bounce.delivered"), ("info@neko.example.jp", "not_a_bounce.delivered")],
    ),
    "rfc3464-37": ("bounce", [("kijitora@neko.nyaan.example.com", "invalid_address.unknown_domain")]),
    "rfc3464-42": ("bounce", [("jane.doe@some-domain.net", "invalid_address.unknown_user")]),
    "rfc3834-04": ("auto_reply", [("kijitora@example.org", "not_a_bounce.auto_reply")]),
    "rfc3834-05": ("auto_reply", [("foo@bar.net", "not_a_bounce.auto_reply")]),
    "rhost-mimecast-01": ("bounce", [("sabatora@example.com", "rejected.policy")]),
}


@pytest.mark.parametrize("name", MAILS)
def test_a_real_report(name: str) -> None:
    kind, expected = MAILS[name]
    messages = list(read_messages((DATA / f"{name}.eml").read_bytes()))
    assert {message.kind.value for message in messages} == {kind}
    found = [(b.recipient, v.reason) for message in messages for b, v in judge(message, default_classifier())]
    assert found == expected


def test_every_mail_is_in_the_table() -> None:
    assert {path.stem for path in DATA.glob("*.eml")} == set(MAILS)
