"""A healthy sending domain as zone files, and ways to spoil a part of it."""

from __future__ import annotations

from asking import key_record

KEY = key_record()
SPF = '@ TXT "v=spf1 ip4:192.0.2.10 -all"'
MX = "@ MX 10 mail\nmail A 192.0.2.10\nmail AAAA 2001:db8::10"
DKIM = f"s1._domainkey TXT {KEY}"
DMARC = '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example"'
SHOP = "\n".join((SPF, MX, DKIM, DMARC))
IP4 = {"2.0.192.in-addr.arpa": "10 PTR mail.shop.example."}
IP6 = {"8.b.d.0.1.0.0.2.ip6.arpa": "0.1." + "0." * 21 + "0 PTR mail.shop.example."}
TOP = {"example": ""}
"""The level above, where a DMARC walk ends; without it that question is refused."""
HEALTHY = {"shop.example": SHOP, **IP4, **IP6, **TOP}

REPLY = "550-5.7.26 Your email has been blocked because the sender is unauthenticated."
SENDER = "192.88.99.10"
"""The command takes no documentation address on a live network; this range is out of use (RFC 7526)."""

NEVER_WHEN_OPEN = (
    {"spf-missing", "spf-domain-not-found", "spf-ok", "spf-include-missing", "spf-ip-not-authorised"}
    | {"dkim-selector-missing", "dkim-none-guessed", "dkim-names-none", "dkim-key-found"}
    | {"dmarc-missing", "dmarc-ok", "mx-no-domain", "mx-missing", "mx-null", "mx-host-unresolvable"}
    | {"ptr-missing", "ptr-no-ip", "ptr-name-unresolvable", "ptr-not-confirmed"}
    | {"blocklist-ip-clean", "blocklist-ip-none", "blocklist-domain-clean", "blocklist-ip-listed"}
)
"""What nobody may say who got no answer."""


def zones(**changed: str) -> dict[str, str]:
    """The healthy world with a part of shop.example changed: ``zones(SPF='@ TXT "…"')``."""
    parts = {"SPF": SPF, "MX": MX, "DKIM": DKIM, "DMARC": DMARC, "MORE": ""} | changed
    return {**HEALTHY, "shop.example": "\n".join(parts.values())}
