"""An address is removed for good on our word: words that only sound like a dead address must not cost it."""

from __future__ import annotations

import pytest

from deliverkit.bounces.classify import default_classifier
from deliverkit.bounces.doubt import is_doubtful
from deliverkit.bounces.pasted import read_bounces
from deliverkit.model import AddressAction, Verdict

KEPT = (
    "550 5.7.1 Blocked: too many messages to unknown users from 192.0.2.4",
    "550 Too many unknown users in this session; your IP has been blocked",
    "554 5.7.1 Your IP is blocked because you send to too many non-existent users",
    "550 5.1.8 Sender address rejected: user unknown",
    "550 5.1.0 <a@example.com>: Sender address rejected: User unknown in virtual mailbox table",
    "550 Sender verification failed: no such user here",
    "550 Return path does not exist",
    "550 5.7.1 The From address does not exist",
    "550 MAIL FROM domain does not exist",
    "550 Sender domain does not exist",
    "550 Sender's domain does not have MX record",
    "550 5.7.27 Sender address has null MX",
    "550 5.7.1 your sender account has been disabled",
    "550 Your account has been disabled for sending spam",
    "550 5.7.1 This account has been suspended from sending mail",
    "554 5.7.1 Sending account is disabled",
    "550 SMTP access for this account is disabled",
    "535 5.7.8 User unknown or bad password",
    "535 5.7.8 Authentication failed: no such user",
    "535 authentication failed: user does not exist",
    "550 5.7.1 PTR record does not exist for 192.0.2.4",
    "550 HELO host does not exist",
    "550 DKIM key does not exist",
    "550 5.7.1 DMARC record not found for example.com",
    "550 SPF record does not exist",
    "550 5.7.1 no valid users in header, message rejected as spam",
    "450 4.1.1 <x@example.com>: Recipient address rejected: User unknown in local recipient table",
    "450 4.1.1 <x@example.com>: Recipient address rejected: unverified address: unknown user",
    "450 4.2.0 User unknown, greylisted",
    "550 Greylisted: recipient not found in whitelist, try again later",
    "550 5.7.1 <x@example.com>: Recipient address rejected: not in whitelist",
    "550 Mail rejected: sender not found in recipient's allowed senders list",
    "550 Recipient rejected your message as spam; user not available",
    "550 5.7.1 Message rejected as spam. If the user doesn't exist contact us",
    "550 User mailbox is not accepting messages because of your poor reputation",
    "550 5.2.1 Mailbox not accepting mail from unknown senders",
    "550 5.2.1 This mailbox is only accepting internal mail",
    "550 Mailbox unavailable: blocked by spamhaus",
    "550 mailbox unavailable: your IP 192.0.2.3 has a poor reputation",
    "550 5.1.1 User unknown; rejected due to DNSBL listing at zen.spamhaus.org",
    "550 5.1.1 Access denied due to blocklist",
    "550 5.1.1 Message refused by policy",
    "550 5.1.1 suspected spam",
    "550 5.1.2 blocked by DNSBL",
    "550 5.1.1 rejected: SPF fail for example.com",
    "550 5.1.10 rejected: DMARC",
    "550 5.1.1 greylisted, please retry in 5 minutes",
    "550 5.1.1 Too many connections from your host",
    "550 5.1.1 rate limit exceeded",
    "550 5.1.1 Relay access denied",
    "550 5.2.1 Message rejected as spam",
    "550 5.2.1 over rate limit",
    "550 The group is disabled for external senders",
    "554 Transaction failed: recipient's virus scanner disabled",
    "550 attachment type does not exist or not allowed",
    "550 No such host: sender domain",
    "550 Invalid sender domain",
    "550 Invalid domain in HELO",
    "553 Invalid address in From header",
    "553 5.1.7 Invalid address syntax in MAIL FROM",
    "553 5.1.7 <>: sender address invalid",
    "501 5.1.7 Bad sender address syntax",
    "550 Message-ID invalid",
    "554 5.7.1 To: header address not valid, spam",
    "550 Unable to find your domain",
    "550 Unknown user in your From header",
    "550 unknown sender",
    "550 5.7.1 Unknown sender or user not authenticated",
    "550 Connection dropped: client not found in DNS",
    "550 reverse DNS not found",
    "550 5.7.25 Client host not found",
    "452 4.2.2 mailbox does not exist or is full",
    "550 recipient server cannot verify user, try again later",
    "550 Could not verify recipient at this time",
    "550 Mailbox is full / user has exceeded quota, invalid",
    "550 5.7.1 user has moved you to their block list",
    "550 Recipient has disabled receiving mail from your address",
    "550 Recipient no longer accepts mail from you",
    "550 We no longer accept mail from your IP, see our site",
    "550 5.7.1 This server is no longer accepting mail without TLS",
    "550 SSLv3 disabled, user TLS",
    "554 IP 192.0.2.1 suspended for sending to invalid recipients",
    "550 5.7.1 Spam trap address no longer active, sender blocked",
    "550 This domain does not accept mail from dynamic IPs",
    "550 Domain does not accept mail from you",
    "550 5.7.1 domain example.com does not exist in our list of allowed senders",
    "550 Not a valid sender",
    "550 Host not found in whitelist",
    "554 5.4.4 Host not found, try again later",
    "550 5.4.1 no answer from host",
    "554 5.7.1 <unknown[192.0.2.4]>: Client host rejected: Access denied",
    "550 5.7.1 unknown user is not authorized to send",
    "554 Sending to invalid users is prohibited: your IP blacklisted",
    "550 Your mailbox is over quota, you cannot send",
    "550 the mailing list does not exist or you are not subscribed",
    "550 no such list or you are not allowed to post",
    "550 Unknown recipient tag: message rejected by content filter",
    "501 5.5.4 Invalid domain name in EHLO",
    "501 Syntax error in parameters or arguments",
    "550 4.1.1 User unknown (temporary)",
    "451 5.1.1 user unknown",
    "550 account temporarily inactive",
    "550 Mailbox temporarily disabled due to abuse; try again later",
    "550 User temporarily suspended, retry later",
    "550 5.1.1 temporary failure looking up user",
    "550 5.1.1 LDAP lookup failed",
    "550 5.1.1 user lookup error: database unavailable",
    "5.7.1 spam",
    "550 Message rejected: recipients list contains invalid addresses, possible spam",
    "550 RBL: not accepted, user unknown at blacklist",
    "553 5.3.0 <a@example.com>... Spam blocked see http://spamcop.net/bl.shtml?192.0.2.3",
    "550 5.7.1 Unable to deliver: The account you are sending from has been disabled",
    "550 Your email account is inactive; renew to send mail",
    "550 5.7.1 domain has expired sender",
    "550 5.7.1 Your DMARC record is invalid",
    "550 bad recipients limit reached",
    "550 recipient not allowed for relay: unknown user",
    "550 5.7.1 Unable to relay for unknown@example.com",
    "550 Blocked by Bayes, mailbox does not exist not applicable",
    "550 5.5.0 mailbox unavailable: high spam score",
    "550 Requested action not taken: mailbox unavailable - policy",
    "550-Requested action not taken: mailbox unavailable\n550 Sender IP has a bad reputation.",
    "550 Invalid HELO name (See RFC2821 4.1.1.1)",
    "550 Refused by RFC 5.1.1 rule, your version is 5.1.1",
    "554 mx 5.1.1.2 refused connection",
    "554 IP 5.1.1.10 rejected: bad reputation",
    "550 spam: released 5.1.1 of engine",
    "550 refused 2024.5.1.1",
    "550 spamassassin 5.1.1 says no",
    "550 Error: 192.5.1.1 not permitted",
    "571 Message Refused",
    "550 [5.7.1] Recipient address rejected: policy; user@example.com",
    "550 5.7.1 Recipient address rejected: this address only accepts mail from known users",
    "550 Recipient address rejected: blocked",
    "550 Account not found in sender directory",
    "550 Recipient inbox disabled for marketing mail",
    "552 5.2.2 mailbox full, account inactive",
    "550 5.7.509 domain does not exist: DMARC",
    "550 delivery not authorized, message refused: address not valid for this sender",
    "550 The message contains an invalid recipient header",
    "550 Mail from example.com is not accepted: no MX record for sender domain",
    "550 5.1.8 invalid sender, no MX",
    "550 no MX for example.com, sender refused",
    "550 5.7.1 cannot resolve your domain",
    "554 5.7.1 Message rejected: unable to verify sender address, mailbox not found",
    "550 5.7.1 SPF validation error: domain of a@example.com does not exist",
    "550 Subject contains invalid address characters",
    "550 unsubscribe address does not exist",
    "550 List-Unsubscribe mailbox not valid",
    "550 Reply-To address invalid",
    "550 5.6.0 From header: no such domain",
)

DEAD = (
    "550 5.1.1 <jane@example.com>: Email address could not be found, or was misspelled (G8)",
    "550 5.1.1 RCPT TO: mailbox not found",
    "550 Invalid recipient jane@example.com",
    "550 jane@example.com is not a valid mailbox",
    "550 jane@example.com unknown",
    "550 Unknown recipient",
    "550 No such recipient",
    "550 No such person at this address",
    "550 <jane@example.com> no such address here",
    "550 This user doesn't exist at this domain",
    "550 unrouteable address",
    "550 address unknown",
    "550 User not known",
    "550 Account does not exist",
    "550 5.1.1 Addressee unknown",
    "550 5.1.1 recipient does not exist here",
    "550 mailbox jane@example.com does not exist",
    "550 jane@example.com: Recipient not found",
    "550 the email address does not exist",
    "553 5.1.1 no mailbox by that name is currently available",
    "554 5.1.1 unknown or illegal alias: jane@example.com",
    "550 No mailbox here by that name. I'm not going to try again",
    "550 5.1.1 <jane@example.com> User doesn't exist: jane@example.com",
    "550 5.1.1 User not found",
    "554 5.7.1 <jane@example.com>: Recipient address rejected: user jane@example.com does not exist",
    "550 #5.1.1 bad address jane@example.com",
    "550 Recipient unknown",
    "550 5.1.1 unknown or invalid address",
    "550 that user does not exist",
    "550 mailbox no longer exists",
    "550 This account no longer exists",
    "550 This mailbox no longer exists, sorry",
    "550 5.2.1 Account has been deleted",
    "550 Mailbox closed",
    "550 5.1.1 deactivated mailbox",
    "550 account expired",
    "550 5.1.1 Account terminated",
    "550 Address is not active",
    "5.1.1 User unknown",
    "User unknown",
    "550 Host unknown",
    "550 5.1.2 Bad destination system: no such domain",
    "556 5.1.10 Recipient address has null MX",
    "550 5.1.2 The recipient's domain does not exist",
    "550 recipient domain not found",
    "550 No MX or A record for recipient domain nosuch.example",
    "550 NXDOMAIN nosuch.example recipient",
    "521 5.1.10 example.com does not accept mail",
    "550 5.1.1 ... User is unknown",
    "550 5.1.1 unbekannter Benutzer",
    "550 El destinatario no existe",
    "550 La cuenta no existe",
    "550 destinataire inconnu",
    "550 Adresse inconnue",
    "550 Utente sconosciuto",
    "550 Casella inesistente",
    "550 Destinatário não existe",
    "550 Nieznany użytkownik",
    "550 Alamat tidak ditemukan",
    "550 存在しないユーザー",
    "550 존재하지 않는 사용자",
    "550 收件人不存在",
    "550 Неизвестный получатель",
    "550 ящик не найден",
    "550 Neznámý uživatel",
    "550 Ismeretlen felhasználó",
    "550 Okänd användare",
    "550 Ukendt bruger",
    "550 Tuntematon käyttäjä",
    "550 Utilizator necunoscut",
    "550 Άγνωστος χρήστης",
)


def verdict(text: str) -> Verdict:
    return default_classifier().classify(read_bounces(text)[0])


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_proof_of_a_dead_address_keeps_it(text: str) -> None:
    assert verdict(text).address_action is not AddressAction.SUPPRESS


@pytest.mark.parametrize("text", DEAD)
def test_a_plainly_dead_address_is_removed(text: str) -> None:
    assert verdict(text).address_action is AddressAction.SUPPRESS


@pytest.mark.parametrize("code", ["421", "450", "451", "452", "454"])
@pytest.mark.parametrize("text", DEAD)
def test_no_temporary_reply_removes_it(text: str, code: str) -> None:
    said = f"{code}{text[3:]}" if text[:1] == "5" and text[1:3].isdigit() else f"{code} {text}"
    assert verdict(said).address_action is not AddressAction.SUPPRESS


def test_words_within_an_address_or_a_link_raise_no_doubt() -> None:
    assert not is_doubtful("550 <sender@spam.example>: no such user, see https://blocked.example/retry", None)
    assert is_doubtful("550 no such user: sender address", None)


def test_a_code_about_the_address_outweighs_a_word_about_blocks_but_not_one_about_the_sender() -> None:
    assert not is_doubtful("550 5.1.1 no such user, message blocked", "5.1.1")
    assert is_doubtful("550 no such user, message blocked", None)
    assert is_doubtful("550 5.1.1 sender address: no such user", "5.1.1")


@pytest.mark.parametrize("text", ["550 5.1.2 try something else later", "550 5.1.6 your IP is on a blacklist"])
def test_a_code_alone_is_no_proof_beside_words_that_speak_of_something_else(text: str) -> None:
    assert verdict(text).address_action is not AddressAction.SUPPRESS


@pytest.mark.parametrize("text", ["220 mx.example.com ESMTP", "221 2.0.0 Bye", "235 2.7.0 Authentication successful"])
def test_a_greeting_a_goodbye_and_a_login_deliver_nothing(text: str) -> None:
    assert verdict(text).reason == "unknown.unclassified"
