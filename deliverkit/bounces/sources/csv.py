"""A table of the user's own: CSV with a header, one row a recipient.

The columns are found by the names that people and exports give them (English, Indonesian, Portuguese), or as the user
says with ``--columns recipient=Email,reply=Reason``. The delimiter is the one that the header makes sense with.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from deliverkit.bounces.event import Event, Fault, Kind
from deliverkit.bounces.sources import About, Numbered, Unit
from deliverkit.bounces.sources.json_events import FieldError, moment, named, recipient, said, sender
from deliverkit.errors import InputError
from deliverkit.language import _
from deliverkit.model import Bounce

NAME = "csv"
UNIT = Unit.ROW
MAX_ROW = 1_000_000
"""Bytes of one row."""
_MAX_CELLS = 1000
_MAX_SHOWN = 30
_DELIMITERS = ",;\t|"

NAMES: Mapping[str, tuple[str, ...]] = {
    "recipient": (
        "recipient", "rcpt", "rcpt_to", "email", "email_address", "mail", "address", "to", "to_address",
        "recipient_email", "recipient_address", "final_recipient", "bounced_email", "subscriber", "penerima", "alamat",
        "alamat_email", "surel", "tujuan", "email_penerima", "destinatario", "email_do_destinatario", "endereco",
        "endereco_de_email", "correio", "para",
    ),
    "reply": (
        "reply", "reason", "bounce_reason", "response", "smtp_response", "smtp_reply", "smtp_reason", "diagnostic",
        "diagnostic_code", "diagnosticcode", "message", "error", "error_message", "bounce_message", "details", "detail",
        "description", "text", "last_error", "server_response", "alasan", "pesan", "pesan_kesalahan", "balasan",
        "keterangan", "galat", "tanggapan", "motivo", "mensagem", "mensagem_de_erro", "resposta", "erro", "detalhes",
        "descricao", "resposta_smtp",
    ),
    "code": ("code", "smtp_code", "reply_code", "error_code", "bounce_code", "response_code", "kode", "kode_smtp",
             "codigo", "codigo_smtp"),
    "status": ("enhanced_code", "enhanced_status_code", "enhanced_status", "dsn", "dsn_code", "dsn_status",
               "status_code", "esc"),
    "event": ("event", "event_type", "kind", "status", "state", "jenis", "kejadian", "evento", "tipo", "estado"),
    "type": ("type", "bounce_type", "bounce_class", "classification", "bounce_category", "category", "tipe", "kategori",
             "categoria", "classificacao", "tipo_de_bounce"),
    "sender": ("sender", "from", "from_address", "mail_from", "envelope_from", "return_path", "pengirim", "dari",
               "remetente", "de"),
    "mx": ("mx", "mx_host", "remote_host", "remote_mta", "server", "host", "relay", "servidor", "peladen"),
    "ip": ("ip", "sending_ip", "source_ip", "local_ip", "our_ip", "ip_pengirim", "ip_de_envio"),
    "at": ("at", "date", "time", "timestamp", "datetime", "date_time", "bounced_at", "bounce_date", "created",
           "created_at", "sent_at", "event_date", "tanggal", "waktu", "data", "hora", "data_hora"),
    "message_id": ("message_id", "messageid", "id", "msgid", "id_pesan", "id_da_mensagem"),
}  # fmt: skip
"""What a column may hold, with the names of such columns: small letters, no accents, ``_`` for everything else."""

_KINDS = {
    "delivered": Kind.DELIVERED, "delivery": Kind.DELIVERED, "sent": Kind.DELIVERED, "terkirim": Kind.DELIVERED,
    "entregue": Kind.DELIVERED, "success": Kind.DELIVERED,
    "complaint": Kind.COMPLAINT, "complained": Kind.COMPLAINT, "spam": Kind.COMPLAINT, "spamreport": Kind.COMPLAINT,
    "keluhan": Kind.COMPLAINT, "reclamacao": Kind.COMPLAINT,
    "unsubscribe": Kind.UNSUBSCRIBE, "unsubscribed": Kind.UNSUBSCRIBE, "optout": Kind.UNSUBSCRIBE,
    "berhenti_berlangganan": Kind.UNSUBSCRIBE, "descadastro": Kind.UNSUBSCRIBE,
}  # fmt: skip
_NO_EVENT = frozenset({"open", "opened", "click", "clicked", "processed", "queued", "request", "dibuka", "aberto"})


class Layout(NamedTuple):
    """How a file is laid out."""

    delimiter: str
    places: Mapping[str, int]
    """Column number, from 0, of each thing in ``NAMES`` that is there."""


def recognises(head: bytes) -> bool:
    """Does the first row name a column of recipients, or one of replies? (What lacks is told when it is read.)"""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<"):
        return False
    found = _layout(head, {})
    if found is None or len(_cells(head, found.delimiter)) < 2:
        return False
    return bool({"recipient", "reply"} & found.places.keys())


def has_columns(head: bytes, columns: Mapping[str, str]) -> bool:
    """Can a file that begins so be read with ``columns``, as the user named them?"""
    try:
        layout(head, columns)
    except InputError:
        return False
    return True


def layout(head: bytes, columns: Mapping[str, str]) -> Layout:
    """Where the columns of the file that begins with ``head`` stand; ``columns`` are those that the user named.

    Raises InputError that names the columns found: for a named one that is not there, and where the recipient or
    both the reply and its code are missing.
    """
    unknown = sorted(columns.keys() - NAMES.keys())
    if unknown:
        raise InputError(
            _("--columns: '{name}' is nothing that a column can hold").format(name=unknown[0]),
            advice=_("Known: {names}.").format(names=", ".join(NAMES)),
        )
    found = _layout(head, columns)
    cells = _cells(head, found.delimiter if found else ",")
    shown = ", ".join(f"'{cell[:60]}'" for cell in cells[:_MAX_SHOWN] if cell) or "-"
    places = found.places if found else {}
    for thing, name in columns.items():
        if thing not in places:
            raise InputError(
                _("--columns: there is no column '{name}'").format(name=name),
                advice=_("The columns are: {columns}.").format(columns=shown),
            )
    lacking = "recipient" if "recipient" not in places else "reply" if not {"reply", "code"} & places.keys() else ""
    if found is None or lacking:
        raise InputError(
            _("the table has no column for the {thing}; its columns are: {columns}").format(
                thing=lacking or "recipient", columns=shown
            ),
            advice=_("Name it, for example: --columns recipient=Email,reply=Reason"),
        )
    return found


def _layout(head: bytes, columns: Mapping[str, str]) -> Layout | None:
    """The delimiter with which most columns are understood, and where they stand; None where none is."""
    found = [Layout(mark, _places(_cells(head, mark), columns)) for mark in _DELIMITERS]
    best = max(found, key=lambda each: len(each.places))
    return best if best.places else None


def _places(cells: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    plain = [_plain(cell) for cell in cells]
    taken = {thing: _position(name, cells, plain) for thing, name in columns.items()}
    places = {thing: place for thing, place in taken.items() if place is not None}
    for thing, names in NAMES.items():
        if thing not in columns:
            # The earlier name in our list wins, not the earlier column: "email" before "address".
            known = (plain.index(name) for name in names if name in plain)
            place = next((at for at in known if at not in places.values()), None)
            if place is not None:
                places[thing] = place
    return places


def _position(name: str, cells: list[str], plain: list[str]) -> int | None:
    if name in cells:
        return cells.index(name)
    return plain.index(_plain(name)) if _plain(name) in plain else None


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"\be-mail\b", "email", bare)).strip("_")


def _cells(data: bytes, delimiter: str) -> list[str]:
    """The cells of the first row. Raises nothing: what is no CSV has no cells."""
    text = _decoded(data)
    if text is None:
        return []
    try:
        row = next(csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in row[:_MAX_CELLS]]


def _decoded(data: bytes) -> str | None:
    """UTF-8 with or without a mark, else what spreadsheets on Windows write; None for what holds NULs (UTF-16)."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3:  # cut in the middle of a character
            return data[: error.start].decode("utf-8-sig")
        return data.decode("cp1252", "replace")


class Reader:
    """Reads the rows of one file."""

    def __init__(self, about: About) -> None:
        """The header is found in ``about.head`` where the rows given to ``read`` start behind it."""
        self._about = about

    def read(self, units: Iterable[Numbered]) -> Iterator[Event | Fault]:
        """One event a row. A file whose header lacks a column is one Fault, ``columns``; ``layout`` says which."""
        found: Layout | None = None
        for number, data in units:
            if not data.strip():
                continue
            if found is None:
                head = self._about.head or data
                try:
                    found = layout(head, self._about.columns)
                except InputError:
                    yield Fault(self._about.path, number, "columns")
                    return
                if head.lstrip().startswith(data.strip()):
                    continue
            try:
                yield from self._row(_values(data, found), number)
            except FieldError as error:
                yield Fault(self._about.path, number, str(error))

    def _row(self, row: dict[str, str], number: int) -> Iterator[Event]:
        what = _plain(row.get("event", ""))
        if what in _NO_EVENT:
            return
        kind = _KINDS.get(what, Kind.BOUNCE)
        words, code = row.get("reply", ""), row.get("code", "")
        if kind is Kind.BOUNCE and not words and not code:
            raise FieldError("reply")
        yield Event(
            kind,
            Bounce(
                reply=said(words, code, row.get("status", ""), what),
                recipient=recipient(row, "recipient"),
                sender=sender(row.get("sender", "")),
                mx=named(row.get("mx", "")),
                ip=named(row.get("ip", "")),
                at=moment(row, "at"),
                source=NAME,
            ),
            path=self._about.path,
            number=number,
            message_id=named(row.get("message_id", "")),
            theirs=named(row.get("type") or row.get("event", "")),
        )


def _values(data: bytes, found: Layout) -> dict[str, str]:
    """What stands in the columns that we know. Raises FieldError."""
    if len(data) > MAX_ROW:
        raise FieldError("too-long")
    text = _decoded(data)
    if text is None:
        raise FieldError("encoding")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=found.delimiter))
    except csv.Error as error:
        raise FieldError("csv") from error
    if len(rows) != 1 or len(rows[0]) > _MAX_CELLS:
        raise FieldError("csv")
    cells = rows[0]
    return {thing: cells[place].strip() for thing, place in found.places.items() if place < len(cells)}
