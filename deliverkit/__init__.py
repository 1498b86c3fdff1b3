"""Why was my mail refused, and what do I do now?

>>> import deliverkit
>>> [diagnosis] = deliverkit.explain("550 5.1.1 No such user here")
>>> diagnosis.verdict.reason
'invalid_address.unknown_user'

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deliverkit.bulk.api import audit_domains
    from deliverkit.bulk.order import Bounds
    from deliverkit.errors import DeliverkitError, InputError, ResolverError
    from deliverkit.model import Audit, Bounce, CheckResult, Diagnosis, Finding, Outcome, Reply, Severity, Step, Verdict
    from deliverkit.session import Network, audit_domain, check_message, diagnose, explain

__version__ = "0.1.0"

_HOMES = {
    "deliverkit.bulk.api": ("audit_domains",),
    "deliverkit.bulk.order": ("Bounds",),
    "deliverkit.errors": ("DeliverkitError", "InputError", "ResolverError"),
    "deliverkit.model": (
        "Audit",
        "Bounce",
        "CheckResult",
        "Diagnosis",
        "Finding",
        "Outcome",
        "Reply",
        "Severity",
        "Step",
        "Verdict",
    ),
    "deliverkit.session": ("Network", "audit_domain", "check_message", "diagnose", "explain"),
}

__all__ = [
    "Audit",
    "Bounce",
    "Bounds",
    "CheckResult",
    "DeliverkitError",
    "Diagnosis",
    "Finding",
    "InputError",
    "Network",
    "Outcome",
    "Reply",
    "ResolverError",
    "Severity",
    "Step",
    "Verdict",
    "audit_domain",
    "audit_domains",
    "check_message",
    "diagnose",
    "explain",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'deliverkit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
