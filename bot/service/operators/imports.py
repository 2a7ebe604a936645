"""Imports consents and suppressions from files of other programs, in batches.

An imported consent is a claim: it is recorded, and allows nothing. It counts as given only if `business.toml` names its
source with the evidence that the controller has confirmed; else only a new YES gives it. Nothing imported outweighs
what a person said here. "Unsubscribed" suppresses at once.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from ...business import Business, ConfirmedImport
from ...consent.evidence import EVERY
from ...errors import OperatorError, Unavailable
from ...messages.inbound import Sender
from ...numbers import likeliest
from ..ports import AddressTaken, ImportRuns
from . import import_rows
from .claims import Claim, Claims, Judged, What
from .find import Look
from .import_formats import Row, Says, Unreadable, checked_address, formats, understood
from .import_rows import Raw, Rows
from .purposes import check_purposes
from .suppress import Came, Stop, Suppress

BATCH = 500
"""Rows per batch: one append to the ledger, and one look at persons."""

_TRIES = 10

_SEVERAL = "the number can be read in several ways; write it with + and the country's code"
_NO_NUMBER = "not a phone number or BSUID; write it with + and the country's code, e.g. +4915112345678"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a file is imported."""

    source: str
    """Where it comes from (GDPR Art. 14(2)(f))."""
    purposes: Sequence[str] = ()
    """What rows that name no purpose are about."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a purpose → its id."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row, for one purpose or for all."""

    row: int
    what: What
    purpose: str = ""
    """Id of a purpose, `*` for all; empty if the row did not get that far."""
    why: str = ""
    """For what was refused or changes nothing: what is wrong, a semicolon, what to do. Quotes nothing of the row."""


@dataclass(frozen=True, slots=True)
class Step:
    """A batch that is done."""

    outcomes: Sequence[Outcome]
    position: int
    """Rows done, in this and earlier runs."""
    counts: Mapping[str, int]
    """What came of them."""
    sha256: str
    """Of the file, hexadecimal; empty if the rows come from none."""


class Imports:
    """The use case. All methods raise `Unavailable`, after which the same import goes on where it ended."""

    def __init__(
        self,
        *,
        claims: Claims,
        suppress: Suppress,
        runs: ImportRuns,
        addresses: Callable[[str], Sequence[Sender]],
        business: Business,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`addresses` returns what a text may mean, the likeliest first."""
        self._claims = claims
        self._suppress = suppress
        self._runs = runs
        self._addresses = addresses
        self._business = business
        self._clock = clock

    async def file(
        self, path: Path, terms: Terms, look: Look, *, format: str | None = None, dry_run: bool = False
    ) -> AsyncIterator[Step]:
        """Import a file, or go on where an import of it was interrupted; yield each batch. Raises `OperatorError`.

        A dry run changes nothing, and sees each batch by itself. A pipe has no position, and only claims.
        """
        with _files_told(path), path.open("rb") as opened:
            sha256 = import_rows.digest(opened) if opened.seekable() else ""
            rows = replace(import_rows.read(str(path), opened, format), sha256=sha256)
            if dry_run or not sha256:
                async for step in self.rows(rows, terms, look, dry_run=dry_run):
                    yield step
                return
            what = f"{sha256} {rows.format} {terms} {self._business.confirmed(terms.source)}"
            run = await self._runs.begin(
                what, format=rows.format, source=terms.source, operator=look.operator, now=self._clock()
            )
            async for step in self.rows(rows, terms, look, after=run.position, counts=run.counts):
                await self._runs.advance(what, step.position, step.counts)
                yield step
            await self._runs.finish(what, self._clock())

    async def rows(
        self,
        rows: Rows,
        terms: Terms,
        look: Look,
        *,
        dry_run: bool = False,
        after: int = 0,
        counts: Mapping[str, int] | None = None,
    ) -> AsyncIterator[Step]:
        """Import the rows after number `after`; yield each batch. Raises `OperatorError` for terms that can't be.

        Who is known is looked at, and that is recorded, in a dry run as well.
        """
        self._check(terms)
        total, position = Counter(counts or {}), after
        iterator = iter(raw for raw in rows.rows if raw[0] > after)
        while batch := list(islice(iterator, BATCH)):
            outcomes = await self._batch(batch, rows, terms, look, dry_run=dry_run)
            total.update(outcome.what.value for outcome in outcomes)
            position = batch[-1][0]
            yield Step(outcomes, position, dict(total), rows.sha256)

    def _check(self, terms: Terms) -> None:
        if not terms.source.strip() or "\0" in terms.source:
            raise OperatorError("an import needs its source (GDPR Art. 14(2)(f)); name it with --source")
        check_purposes([*terms.purposes, *terms.names.values()], self._business)

    async def _batch(
        self, batch: Sequence[Raw], rows: Rows, terms: Terms, look: Look, *, dry_run: bool
    ) -> list[Outcome]:
        """Import a batch: first what ends consents, then what claims them, so that the stricter side wins."""
        outcomes: list[Outcome] = []
        stops: list[tuple[Outcome, Stop]] = []
        claims: list[Claim] = []
        for raw in batch:
            for found in self._read(raw, rows, terms):
                if isinstance(found, Outcome):
                    outcomes.append(found)
                elif isinstance(found, Claim):
                    claims.append(found)
                else:
                    stops.append(found)
        added = await self._suppress.stops([stop for _, stop in stops], look, source=terms.source, dry_run=dry_run)
        for (outcome, _), came in zip(stops, added, strict=True):
            outcomes.append(replace(outcome, what=What.UNCHANGED, why=_CAME[came]) if came in _CAME else outcome)
        would_be = self._would_be_suppressed([stop for _, stop in stops]) if dry_run else {}
        outcomes += await self._claimed(claims, terms, look, would_be, dry_run=dry_run)
        return sorted(outcomes, key=lambda outcome: outcome.row)

    def _would_be_suppressed(self, stops: Sequence[Stop]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for stop in stops:
            for address in stop.addresses:
                found.setdefault(address, {}).update(dict.fromkeys(stop.scopes, stop.at or int(self._clock())))
        return found

    async def _claimed(
        self,
        claims: Sequence[Claim],
        terms: Terms,
        look: Look,
        would_be: Mapping[str, Mapping[str, int]],
        *,
        dry_run: bool,
    ) -> list[Outcome]:
        told: list[Outcome] = []
        left = claims
        for _ in range(_TRIES):
            try:
                judged = await self._claims.record(left, terms.source, look, would_be, dry_run=dry_run)
            except AddressTaken:
                continue  # another worker has just made this person
            told += [_outcome(one) for one in judged if not one.lost]
            left = [one.claim for one in judged if one.lost]
            if not left:
                return told
        raise Unavailable("a ledger keeps changing; import it again")

    # --- what a row asks for

    def _read(self, raw: Raw, rows: Rows, terms: Terms) -> "Iterator[Outcome | Claim | tuple[Outcome, Stop]]":
        number, fields = raw
        try:
            if isinstance(fields, Unreadable):
                raise fields
            format = formats()[rows.format]
            row = understood(number, fields, format)
            readings = self._readings(row)
        except Unreadable as error:
            yield Outcome(number, What.REFUSED, why=str(error))
            return
        if not row.tells:
            yield Outcome(number, What.UNCHANGED, why="there is no column about consent; it changes none")
        elif not row.ours:
            yield Outcome(number, What.UNCHANGED, why="it is about another channel than WhatsApp")
        elif row.says is Says.OUT:
            yield from self._stop(row, readings, terms)
        else:
            yield from self._claims_of(row, readings, terms, rows.sha256)

    def _stop(self, row: Row, readings: Sequence[Sender], terms: Terms) -> "Iterator[Outcome | tuple[Outcome, Stop]]":
        """Whoever does not want to be written to is obeyed even if the row is unclear: then about everything."""
        purposes, unknown = self._purposes(row, terms)
        scopes = purposes if purposes and not unknown else (EVERY,)
        addresses = [reading.addresses[0] for reading in readings]
        yield Outcome(row.number, What.SUPPRESSED, ",".join(scopes)), Stop(addresses, scopes, row.at)

    def _claims_of(
        self, row: Row, readings: Sequence[Sender], terms: Terms, sha256: str
    ) -> "Iterator[Outcome | Claim]":
        purposes, unknown = self._purposes(row, terms)
        if len(readings) > 1:
            readings = [Sender(phone=number) for number in likeliest([one.phone for one in readings if one.phone])]
        if why := self._unclear(row, readings, purposes, unknown):
            yield Outcome(row.number, What.REFUSED, ",".join(purposes), why)
        elif row.says is Says.NOTHING:
            yield Outcome(row.number, What.UNCHANGED, ",".join(purposes), "the row says nothing about consent")
        else:
            confirmed = self._business.confirmed(terms.source)
            for purpose in purposes:
                reason = _only_a_claim(row, purpose, confirmed, sha256)
                yield Claim(
                    row=row.number,
                    sender=readings[0],
                    purpose=purpose,
                    at=row.at,
                    until=row.until,
                    words=row.words,
                    locale=row.locale,
                    confirmed=None if reason else confirmed,
                    only_a_claim=reason,
                )

    def _unclear(self, row: Row, readings: Sequence[Sender], purposes: Sequence[str], unknown: bool) -> str:
        """Return why nothing can be claimed by a row; empty if something can."""
        now = self._clock()
        match row.says:
            case Says.UNKNOWN:
                return "the word for the consent is not understood; write subscribed or unsubscribed"
            case Says.PENDING:
                return "the double opt-in was not completed; only a new YES gives this consent"
            case Says.NOTHING:
                return ""
        if len(readings) > 1:
            return _SEVERAL
        if unknown:
            return "the purpose is not known; say which one it is with --purpose NAME=ID"
        if not purposes:
            return "the row names no purpose; name it with --purpose"
        if not row.dated:
            return "the date is not understood; write it as 2026-11-30 or 2026-11-30T10:00:00Z"
        if row.at is not None and row.at > now:
            return "the consent lies in the future; correct the date"
        if row.until is not None and row.until <= now:
            return "the consent has ended, according to the file; only a new YES gives it"
        return ""

    def _purposes(self, row: Row, terms: Terms) -> tuple[list[str], bool]:
        """Return the ids of a row's purposes, and whether it names others that are not known."""
        if not row.purposes:
            return list(terms.purposes), False
        named = [terms.names.get(name.strip(), name.strip()) for name in row.purposes]
        known = {purpose.id for purpose in self._business.purposes}
        return [name for name in dict.fromkeys(named) if name in known], not known.issuperset(named)

    def _readings(self, row: Row) -> Sequence[Sender]:
        """Return what the address may mean. Raises `Unreadable`."""
        found = self._addresses(checked_address(row.address))
        if not found:
            raise Unreadable(_NO_NUMBER)
        return found


def _outcome(judged: Judged) -> Outcome:
    return Outcome(judged.claim.row, judged.what, judged.claim.purpose, judged.why)


_CAME = {
    Came.KNOWN: "suppressed before",
    Came.OUTWEIGHED: "the person agreed here later, which stands; if they stopped after that, leave out the date",
}
"""Why a suppression changes nothing."""


def _only_a_claim(row: Row, purpose: str, confirmed: ConfirmedImport | None, sha256: str) -> str:
    """Return why a consent is not counted as given; empty if its evidence is confirmed."""
    if confirmed is None or purpose not in confirmed.purposes:
        return "nobody has confirmed the evidence; see [[imports]] in business.toml"
    if not sha256:
        return "only a file can be confirmed; import it from there, see [[imports]] in business.toml"
    if sha256 != confirmed.sha256:
        return (
            f'another file of this source was confirmed; see [[imports]] in business.toml, this is sha256 = "{sha256}"'
        )
    if row.says is Says.SINGLE:
        return "it was a single opt-in; only a new YES gives this consent"
    if row.at is None:
        return "the row does not say when it was given; only a new YES gives this consent"
    last = datetime.combine(confirmed.confirmed_on, datetime.min.time(), UTC) + timedelta(days=1)
    if row.at >= last.timestamp():
        return "it is newer than the confirmation of its source; see confirmed_on in business.toml"
    return ""


@contextmanager
def _files_told(path: Path) -> Iterator[None]:
    """Report a file that can't be read."""
    try:
        yield
    except OSError as error:
        raise OperatorError(f"{path}: can't be read ({error.strerror}); name another, or see who may read it") from None
