"""`ledger`: check the evidence, and show one person's."""

import typer
from rich.console import Console
from rich.markup import escape

from ..app.operators import open_operators
from ..consent.evidence import EVERY, Clock, Kind, Method, Seen
from ..service.operators.evidence import Story, Verified
from ..service.ports import BadEntry, StoryEntry
from ..settings import Settings
from ..times import iso, iso_if_any
from .find import EntryOrAddress, all_records
from .running import AsJson, harmless, print_json, run
from .running import settings as read_settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every entry and the signed tree; if entries are bad, name the first and exit with status 1."""
    verified = run(_verified(read_settings(), progress=not as_json))
    checked, bad = verified.checked, verified.bad
    if as_json:
        first = {"sequence": bad.sequence, "person": bad.person, "reason": bad.reason} if bad else None
        print_json({"ok": bad is None, "checked": checked, "first_bad": first})
    elif bad is None:
        typer.echo(f"{checked} entries checked: nothing was changed, taken away or put in between.")
    else:
        typer.secho(f"{_named(bad)} {bad.reason}.", fg=typer.colors.RED)
    raise typer.Exit(0 if bad is None else 1)


def _named(bad: BadEntry) -> str:
    """Return the subject of a fault, as the beginning of a sentence."""
    if bad.sequence:
        return f"Entry {bad.sequence} of person {bad.person}" if bad.person else f"Entry {bad.sequence}"
    return f"Person {bad.person}:" if bad.person else "The ledger:"


async def _verified(settings: Settings, *, progress: bool) -> Verified:
    async with open_operators(settings) as operators:
        with Console(stderr=True).status("Checking …") as status:

            def told(what: str, checked: int) -> None:
                if progress:
                    status.update(f"Checking {what} … {checked}")

            return await operators.evidence.verify(told)


@app.command()
def show(address: EntryOrAddress, as_json: AsJson = False) -> None:
    """Tell the story of a person's consents, or of an entry: when, which exact words, which language, which notice."""
    story = run(_story(read_settings(), address))
    if as_json:
        print_json([as_dict(entry) for entry in story.entries])
        return
    console = Console(highlight=False)
    for entry in story.entries:
        _print(console, entry, shown=entry.question not in story.undelivered)


async def _story(settings: Settings, address: list[str]) -> Story:
    async with open_operators(settings) as operators:
        looked = await all_records(operators.find, address, "ledger show")
        return await operators.evidence.story(looked)


def as_dict(entry: StoryEntry) -> dict[str, object]:
    """Return an entry for JSON; times in ISO 8601, hashes in hexadecimal."""
    return {
        "sequence": entry.sequence,
        "person": entry.person,
        "number": entry.number,
        "kind": entry.kind,
        "purpose": entry.purpose,
        "at": iso(entry.at),
        "clock": entry.clock or Clock.WHATSAPP,
        "recorded_at": iso(entry.recorded_at),
        "locale": entry.locale,
        "question": entry.question,
        "expires_at": iso_if_any(entry.expires_at),
        "notice": entry.notice,
        "notice_url": entry.notice_url,
        "wording": entry.wording.hex(),
        "text": entry.text,
        "text_id": entry.text_id,
        "legal_basis": entry.legal_basis,
        "method": entry.method,
        "answer": entry.answer,
        "rule": entry.rule,
        "actor": entry.actor,
        "app_version": entry.app_version,
        "entry_hash": entry.entry_hash.hex(),
        "question_accepted_at": iso_if_any(entry.accepted_at),
        "question_delivered_at": iso_if_any(entry.delivered_at),
        "question_seen": entry.seen,
    }


_BY = {
    "": "by WhatsApp's clock",
    Clock.WHATSAPP: "by WhatsApp's clock",
    Clock.ARRIVAL: "by our clock, at its arrival",
    Clock.FILE: "according to an imported file",
}


def _answer(entry: StoryEntry) -> str:
    if entry.method is Method.IMPORT and entry.answer:
        return f"{entry.answer!r}, in the file"
    if entry.answer is None:
        return f"erased with the person, matched as {entry.rule}"
    return f"{entry.answer!r}, matched as {entry.rule}" if entry.answer else ""


def _cause(entry: StoryEntry) -> str:
    """Return why a consent ended by itself."""
    if entry.method is Method.UNDELIVERED and entry.kind is not Kind.REQUESTED:
        return (
            f"WhatsApp's error {entry.rule}: the question had not been delivered" if entry.rule else "it was not sent"
        )
    if entry.kind is Kind.MERGED:
        return f"it is the same person's record as {entry.rule}, which goes on"
    if entry.method is Method.IMPORT:
        return f"{'a claim, which allows nothing' if entry.kind is Kind.IMPORTED else 'confirmed'}: {entry.rule}"
    return entry.rule if entry.kind is Kind.EXPIRED else ""


def _reached(entry: StoryEntry) -> str:
    """Return how the question that this entry answers is known to have reached the person."""
    known = [
        f"accepted by WhatsApp {iso(entry.accepted_at)}" if entry.accepted_at else "",
        f"delivered {iso(entry.delivered_at)}" if entry.delivered_at else "",
        _BY_THE_ANSWER.get(entry.seen, ""),
    ]
    return ", ".join(filter(None, known))


_BY_THE_ANSWER = {Seen.BUTTON: "answered by its own button", Seen.QUOTE: "quoted in the answer"}


def _print(console: Console, entry: StoryEntry, *, shown: bool) -> None:
    """Print an entry; `shown`: whether its question was shown, as far as WhatsApp tells."""
    purpose = "every purpose" if entry.purpose == EVERY else entry.purpose
    console.print(f"[bold]{entry.number}. {entry.kind}[/] {purpose}  {iso(entry.at)} ({_BY[entry.clock]})")
    lines = {
        "recorded": f"{iso(entry.recorded_at)} by {entry.actor}, through {entry.method}",
        "legal basis": entry.legal_basis,
        "question": entry.question,
        "question reached them": _reached(entry),
        "answer": _answer(entry),
        "because of": _cause(entry),
        "language": entry.locale,
        "notice": f"{entry.notice} {entry.notice_url}" if entry.notice else "",
        "text shown" if shown else "text, which was not delivered": f"SHA-256 {entry.wording.hex()}"
        if entry.wording
        else "",
        "to be answered until" if entry.kind is Kind.REQUESTED else "valid until": iso_if_any(entry.expires_at) or "",
        "entry": f"number {entry.sequence}, SHA-256 {entry.entry_hash.hex()}, consentbot {entry.app_version}",
    }
    for name, value in lines.items():
        if value.strip():
            console.print(f"   {name}: {escape(harmless(value))}", soft_wrap=True)
    for line in entry.text.splitlines():
        console.print(f"   │ {escape(harmless(line))}", style="dim", soft_wrap=True)
