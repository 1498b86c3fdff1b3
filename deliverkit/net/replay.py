"""Answers from a file instead of the network: a recording, or a world written by hand (``world.py``)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Self

from deliverkit.errors import FileError
from deliverkit.language import _, marked
from deliverkit.net.documents import Documents, from_rows
from deliverkit.net.record import SCHEMA
from deliverkit.net.resolver import Answer, Dnssec, Status, canonical_name
from deliverkit.net.servers import parse_server
from deliverkit.net.smtp import Sessions, sessions_from

SERVER = "replay"
MAX_BYTES = 32 * 1024 * 1024
MAX_ANSWERS = 200_000

_ADVICE = marked("Record it again with --record FILE, or write a world (TOML) by hand.")
_Key = tuple[str, str, str, Dnssec]


class Source(Protocol):
    """Where answers come from. ``look`` counts from 0: how often the same question was asked afresh before."""

    per_server: bool
    """Whether looks at a named server are counted apart."""
    documents: Documents
    """What was fetched over HTTPS, for a ``ReplayFetcher``."""
    sessions: Sessions
    """What mail servers showed, for a ``ReplayDoor``."""
    made: float | None
    """When it was recorded, in seconds since 1970; None for a world, which has no date."""
    asks_owners: bool
    """Whether name servers other than the resolver's own speak in it."""

    def answer(self, name: str, rdtype: str, server: str, look: int, dnssec: Dnssec) -> Answer:
        """The answer to a question with a canonical name."""
        ...


class ReplayResolver:
    """A Resolver that answers from a ``Source``, always the same.

    The first time a question is asked gives its first look; each later ``fresh=True`` question the look after
    it, until the last, which stays. So a record that was repaired between two looks is repaired again.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._looks: defaultdict[_Key, int] = defaultdict(lambda: -1)

    @property
    def documents(self) -> Documents:
        """The documents that came with the answers, by address."""
        return self._source.documents

    @property
    def sessions(self) -> Sessions:
        """What mail servers showed, by host name."""
        return self._source.sessions

    @property
    def made(self) -> float | None:
        """When it was recorded, in seconds since 1970: what was about to expire then is so again. None for a world."""
        return self._source.made

    @property
    def asks_owners(self) -> bool:
        """Whether name servers other than the resolver's own speak in it."""
        return self._source.asks_owners

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording, or a world if the name ends in ``.toml``. Raises FileError that names path and place."""
        if path.suffix == ".toml":
            return cls.from_zones(path)
        return cls(_Recording(_read_json(path), str(path)))

    @classmethod
    def from_dict(cls, data: object, origin: str = "recording") -> Self:
        """From a recording's data; ``origin`` names it in errors. Raises FileError."""
        return cls(_Recording(data, origin))

    @classmethod
    def from_zones(cls, world: Path | str | Mapping[str, object]) -> Self:
        """From a world: a TOML file, TOML text, or the same as data. Raises FileError. ``world.py`` has the format."""
        from deliverkit.net.world import World

        return cls(World.read(world))

    async def query(
        self,
        name: str,
        rdtype: str,
        *,
        fresh: bool = False,
        server: str | None = None,
        dnssec: Dnssec = Dnssec.PLAIN,
    ) -> Answer:
        """Answer; see ``Resolver.query``."""
        name, rdtype = canonical_name(name), rdtype.upper()
        named = parse_server(server).text if server else ""
        key = (name, rdtype, named if self._source.per_server else "", dnssec)
        seen = self._looks[key]
        look = self._looks[key] = seen + 1 if fresh or seen < 0 else seen
        return self._source.answer(name, rdtype, named, look, dnssec)


class _Recording:
    """A recording as a Source. Questions asked of a named server are only answered if they were recorded so."""

    per_server = True

    def __init__(self, data: object, origin: str) -> None:
        self._answers: dict[_Key, list[Answer]] = {}
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            raise FileError(
                _('{origin}: this is no recording: it lacks "schema": "{schema}"').format(origin=origin, schema=SCHEMA),
                advice=_(_ADVICE),
            )
        rows = data.get("answers")
        if not isinstance(rows, list) or len(rows) > MAX_ANSWERS:
            raise FileError(
                _("{origin}: answers: a list of at most {max_answers} is needed").format(
                    origin=origin, max_answers=MAX_ANSWERS
                ),
                advice=_(_ADVICE),
            )
        for number, row in enumerate(rows):
            where = f"{origin}: answers[{number}]"
            answers = _row(row, where)
            first = answers[0]
            key = (first.name, first.rdtype, first.asked_server, first.dnssec)
            self._answers.setdefault(key, []).extend(answers)
        # A recording from before documents were kept has none.
        self.documents = from_rows(data.get("documents", []), origin)
        self.sessions = sessions_from(data.get("smtp", {}), origin)
        self.made = _moment(data.get("made"))
        self.asks_owners = any(server for _, _, server, _ in self._answers)

    def answer(self, name: str, rdtype: str, server: str, look: int, dnssec: Dnssec) -> Answer:
        """See ``Source``."""
        looks = self._answers.get((name, rdtype, server, dnssec))
        if looks is None:
            missing = "not in the recording"
            blank = Answer(name, rdtype, Status.ERROR, server=SERVER, detail=missing, asked_server=server)
            return replace(blank, dnssec=dnssec)
        return looks[min(look, len(looks) - 1)]


def _moment(text: object) -> float | None:
    from datetime import datetime

    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _row(row: object, where: str) -> list[Answer]:
    """One row of the recording: the looks at one question, at least one."""
    if not isinstance(row, dict):
        raise FileError(_("{where}: a table is needed").format(where=where), advice=_(_ADVICE))
    name = canonical_name(_text(row, "name", where))
    question = Answer(
        name,
        _text(row, "rdtype", where).upper(),
        Status.ERROR,
        asked_server=_text(row, "asked_server", where, ""),
        dnssec=_dnssec(row, where),
    )
    looks = row.get("looks", [row])
    if not isinstance(looks, list) or not 0 < len(looks) <= MAX_ANSWERS:
        raise FileError(
            _("{where}.looks: a list with at least one entry is needed").format(where=where), advice=_(_ADVICE)
        )
    if "looks" not in row:
        return [_look(question, row, where)]
    return [_look(question, look, f"{where}.looks[{number}]") for number, look in enumerate(looks)]


def _look(question: Answer, look: object, where: str) -> Answer:
    if not isinstance(look, dict):
        raise FileError(_("{where}: a table is needed").format(where=where), advice=_(_ADVICE))
    try:
        status = Status(_text(look, "status", where))
    except ValueError:
        words = ", ".join(status.value for status in Status)
        raise FileError(
            _("{where}.status: it must be one of {words}").format(where=where, words=words), advice=_(_ADVICE)
        ) from None
    records = _texts(look, "records", where)
    if (status is Status.NOERROR) != bool(records):
        raise FileError(
            _("{where}.records: 'noerror' has records, and nothing else has").format(where=where), advice=_(_ADVICE)
        )
    ttl = look.get("ttl")
    if ttl is not None and (not isinstance(ttl, int) or isinstance(ttl, bool) or not 0 <= ttl < 2**31):
        raise FileError(_("{where}.ttl: a number of seconds is needed").format(where=where), advice=_(_ADVICE))
    return replace(
        question,
        status=status,
        records=records,
        ttl=ttl,
        cname=_texts(look, "cname", where),
        server=_text(look, "server", where, SERVER),
        detail=_text(look, "detail", where, ""),
        authenticated=_flag(look, "authenticated", where),
        signatures=_texts(look, "signatures", where),
        referral=_flag(look, "referral", where),
    )


def _dnssec(row: dict[str, object], where: str) -> Dnssec:
    try:
        return Dnssec(_text(row, "dnssec", where, ""))
    except ValueError:
        raise FileError(
            _("{where}.dnssec: it must be 'do', 'cd' or left out").format(where=where), advice=_(_ADVICE)
        ) from None


def _flag(table: dict[str, object], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise FileError(_("{where}.{key}: true or false is needed").format(where=where, key=key), advice=_(_ADVICE))
    return value


def _text(table: dict[str, object], key: str, where: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or len(value) > 65536:
        raise FileError(
            _("{where}.{key}: a text of at most 65536 characters is needed").format(where=where, key=key),
            advice=_(_ADVICE),
        )
    # JSON can hold halves of surrogate pairs, which no file and no terminal takes.
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _texts(table: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list) or len(values) > 500:
        raise FileError(
            _("{where}.{key}: a list of at most 500 texts is needed").format(where=where, key=key), advice=_(_ADVICE)
        )
    return tuple(_text({key: value}, key, where) for value in values)


def _read_json(path: Path) -> object:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(
                _("{path}: larger than {max_bytes} MB").format(path=path, max_bytes=MAX_BYTES // 1024 // 1024),
                advice=_("Record fewer questions."),
            )
        return json.loads(path.read_bytes())
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}", advice=_("Check the path and its rights.")) from error
    except (ValueError, RecursionError) as error:
        raise FileError(
            _("{path}: not valid JSON: {error}").format(path=path, error=error), advice=_(_ADVICE)
        ) from error
