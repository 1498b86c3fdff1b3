"""The memory of addresses: what happened to each, and whether to go on mailing it.

``Store`` needs SQLAlchemy and is loaded when it is first asked for; the policy needs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deliverkit.store.memory import Ingested, Store

__all__ = ["Ingested", "Store"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'deliverkit.store' has no attribute '{name}'")
    try:
        from deliverkit.store import memory
    except ModuleNotFoundError as error:
        if error.name != "sqlalchemy":
            raise
        from deliverkit.errors import InputError
        from deliverkit.language import _

        raise InputError(
            _("the memory of addresses needs SQLAlchemy, which is not installed"),
            advice=_("Install it: {command}").format(command="pip install 'deliverkit[store]'"),
        ) from error
    return getattr(memory, name)
