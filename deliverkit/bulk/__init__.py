"""Audits of many domains: where they come from, how they run, what changed since last time.

``sources`` reads the domains, ``engine`` runs them in this process, ``processes`` in several and ``cluster`` on a
Dask cluster; all three hand their results to ``flow``, which keeps the order. ``journal`` lets a run go on after a
crash. Nothing here writes sentences: what a domain's result becomes is the business of whoever starts the run.
"""

from __future__ import annotations

from deliverkit.bulk.api import AuditError, audit_domains, audits
from deliverkit.bulk.order import Bounds, Done, Order, Plan

__all__ = ["AuditError", "Bounds", "Done", "Order", "Plan", "audit_domains", "audits"]
