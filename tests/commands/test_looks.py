"""Whoever looks at a person, or changes something of theirs, by whichever command, leaves a row in `reads`."""

import asyncio
import csv
import getpass
import io
import json
import re
import time
from pathlib import Path

import pytest

from bot.consent.deadlines import Calendar
from bot.consent.rights import Right
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.service.ports import Append, PersonId
from bot.stores.postgres.checkpoints import Checkpoints
from bot.stores.postgres.connect import Database, connect
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.requests import Requests
from tests.commands.shell import ANA, Run
from tests.commands.test_commands import COMMANDS
from tests.stores.made import BSUID, given, keep_notice, requested

AUDITOR = Path(__file__).parents[2] / "docs" / "auditor.md"

LOOKS: dict[tuple[str, ...], list[str]] = {
    ("person", "show"): [ANA],
    ("person", "erase"): [ANA, "--yes"],
    ("person", "withdraw"): [ANA, "--all", "--channel", "email", "--reason", "her mail"],
    ("person", "object"): [ANA, "--purpose", "order_updates", "--channel", "letter", "--reason", "her letter"],
    ("person", "restrict"): [ANA, "--channel", "phone", "--reason", "her call"],
    ("person", "lift"): [ANA, "--channel", "phone", "--reason", "her call"],
    ("ledger", "show"): ["1"],
    ("ledger", "prove"): [BSUID],
    ("ledger", "bundle"): [ANA, "--output", "{folder}/evidence.zip"],
    ("ledger", "export"): [],
    ("requests", "show"): ["{request}"],
    ("requests", "extend"): ["{request}", "--because", "work", "--told", "by letter"],
    ("requests", "close"): ["{request}", "--told", "by phone"],
    ("import",): ["{folder}/list.csv", "--source", "a shop"],
    ("consents", "list"): ["--purpose", "order_updates"],
    ("suppressions", "export"): [],
    ("suppressions", "add"): [ANA, "--reason", "a letter"],
}
"""What shows or changes something of a person, and arguments with which it does so of Ana."""

COME_UPON = {("import",), ("consents", "list"), ("suppressions", "export")}
"""Takes no address, and looks at everybody whom it comes upon."""

NOBODY: dict[tuple[str, ...], str] = {
    ("requests", "list"): "ids, rights and days; whose request it is, and its words, `requests show` tells",
    ("deadletter", "list"): "when, what kind and why; what a letter holds, and of whom, is not shown",
    ("deadletter", "replay"): "puts letters back unseen; what they lead to is in the person's own ledger",
    ("init",): "what the company writes about itself",
    ("webhooks", "add"): "an address of the company's own",
    ("webhooks", "list"): "hosts and counts",
    ("webhooks", "test"): "a test event of nobody",
    ("webhooks", "rotate"): "a secret",
    ("webhooks", "remove"): "an address of the company's own",
    ("webhooks", "replay"): "a count",
    ("ledger", "verify"): "ids and numbers of entries, of the first that is not as it was written",
    ("ledger", "checkpoint"): "hashes",
    ("ledger", "consistency"): "hashes",
    ("ledger", "key"): "a public key",
    ("retention",): "does what policy says, to nobody in particular; the ledger records what ended",
    ("replay-erasures",): "does what was decided before; ids and keyed hashes",
    ("rotate-keys",): "counts",
    ("tokens", "create"): "a program's token",
    ("tokens", "list"): "programs' tokens without their secrets",
    ("tokens", "revoke"): "a program's token",
    ("templates", "diff"): "texts that are the same for everybody",
    ("templates", "push"): "texts that are the same for everybody",
    ("templates", "status"): "texts that are the same for everybody",
    ("templates", "pull"): "texts that are the same for everybody",
    ("doctor",): "counts",
    ("migrate",): "tables",
    ("web",): "serves",
    ("worker",): "serves",
    ("all",): "serves",
    ("chat",): "a simulated person",
    ("demo",): "a simulated person",
    **{path: "files of the project" for path in COMMANDS if path[0] in ("flows", "i18n")},
}
"""What shows nobody, and why."""


def test_every_command_is_classified_as_looking_at_a_person_or_not() -> None:
    assert LOOKS.keys() | NOBODY.keys() == COMMANDS.keys()
    assert not LOOKS.keys() & NOBODY.keys()


def test_every_command_taking_an_address_or_request_counts_as_looking() -> None:
    takes = {
        path
        for path, command in COMMANDS.items()
        for parameter in command.params
        if re.search("ADDRESS|ENTRY", str(parameter.metavar))
        or (path[0] == "requests" and str(parameter.metavar).startswith("ID"))
    }
    assert takes - {("chat",)} == LOOKS.keys() - COME_UPON  # `chat --as` makes somebody up


@pytest.fixture
def request_of_ana(database_url: str, environment: dict[str, str | None]) -> str:
    """Ana, who has agreed to order updates and wants something corrected: the id of her request."""

    async def made() -> str:
        database = await connect(database_url, connections=2)
        keys = Keyring([str(environment["SECRET_KEY"])])
        (person,) = await Persons(database, keys).create([Sender(ANA, BSUID)])
        await keep_notice(database)
        await Ledger(database, keys).append([Append(person, 0, [requested("a"), given("b")])])
        await Checkpoints(database, keys.signers[0]).advance(1_790_000_000.0)
        id = await _asked(Requests(database, keys), person)
        await database.close()
        return id

    return asyncio.run(made())


async def _asked(requests: Requests, person: PersonId) -> str:
    now = time.time()
    calendar = Calendar("DE", "Europe/Berlin")
    request, _ = await requests.open(
        person,
        Right.RECTIFICATION,
        at=int(now),
        inbound=b"asked",
        now=now,
        calendar=calendar,
        details="no street of mine",
    )
    return request.id


def looks(url: str) -> list[tuple[str, str]]:
    """All rows: the command and the operator."""

    async def read() -> list[tuple[str, str]]:
        database: Database = await connect(url, connections=1)
        rows = await database.fetch("SELECT command, operator FROM reads ORDER BY number")
        await database.close()
        return [(row["command"], row["operator"]) for row in rows]

    return asyncio.run(read())


@pytest.mark.parametrize("path", LOOKS, ids=" ".join)
def test_each_look_at_a_person_is_recorded(
    run: Run, database_url: str, request_of_ana: str, tmp_path: Path, path: tuple[str, ...]
) -> None:
    (tmp_path / "list.csv").write_text(f"phone,status\n{ANA},unsubscribed\n", "utf-8")
    if path == ("suppressions", "export"):
        assert run("suppressions", "add", ANA, "--reason", "a letter")[0] == 0
    arguments = [one.format(request=request_of_ana, folder=tmp_path) for one in LOOKS[path]]
    code, output = run(*path, *arguments)
    assert code == 0, output
    assert looks(database_url)[-1:] == [(" ".join(path), getpass.getuser())]
    assert len(looks(database_url)) == (2 if path == ("suppressions", "export") else 1)


SPELLINGS = (
    "+44 7911 123456",
    "0044 7911-123 456",
    "(+44) 7911.123456",
    "tel:+44-7911-123456",
    "https://wa.me/447911123456?text=Hi",
    "WhatsApp: ＋４４ ７９１１ １２３４５６",
    "٠٠٤٤ ٧٩١١ ١٢٣٤٥٦",
)

BY_ADDRESS = sorted(path for path in LOOKS if path not in COME_UPON)


@pytest.mark.parametrize("path", BY_ADDRESS, ids=" ".join)
def test_each_command_takes_a_number_however_it_is_spelled(
    run: Run, database_url: str, request_of_ana: str, tmp_path: Path, path: tuple[str, ...]
) -> None:
    options = [one.format(folder=tmp_path) for one in LOOKS[path][1:]]
    spellings = SPELLINGS if path == ("person", "show") else [SPELLINGS[BY_ADDRESS.index(path) % len(SPELLINGS)]]
    for spelling in spellings:
        code, output = run(*path, spelling, *options)
        assert code == 0, output
    assert looks(database_url) == [(" ".join(path), getpass.getuser())] * len(spellings)


@pytest.mark.usefixtures("request_of_ana")
@pytest.mark.parametrize("path", [path for path in BY_ADDRESS if path != ("suppressions", "add")], ids=" ".join)
def test_a_number_need_not_be_quoted_and_a_wrong_one_is_not_repeated(
    run: Run, database_url: str, tmp_path: Path, path: tuple[str, ...]
) -> None:
    options = [one.format(folder=tmp_path) for one in LOOKS[path][1:]]
    code, output = run(*path, "+44", "7911", "123457", *options)
    assert code == 1
    assert "123457" not in output
    if path != ("ledger", "export"):  # whose standard error is not in `output`
        assert "type a phone number" in output or "requests list" in output
    assert looks(database_url) == []
    assert run(*path, "+44", "7911", "123456", *options)[0] == 0


@pytest.mark.usefixtures("request_of_ana")
@pytest.mark.parametrize("typed", [ANA, "1"])
def test_an_export_of_one_person_is_recorded_as_a_look(run: Run, database_url: str, typed: str) -> None:
    assert run("ledger", "export", typed)[0] == 0
    assert [command for command, _ in looks(database_url)] == ["ledger export"]


def test_an_export_with_addresses_records_by_whom_and_for_whom(
    run: Run, database_url: str, request_of_ana: str
) -> None:
    columns = ["--format", "csv", "--with-addresses"]
    code, output = run("ledger", "export", *columns)
    assert code == 1
    assert ANA not in output
    assert looks(database_url) == []
    for typed in ([], ["+44", "7911", "123456"]):
        code, output = run("ledger", "export", *typed, *columns, "--reason", "the auditor")
        assert code == 0
        rows = list(csv.DictReader(io.StringIO(output)))
        assert {(row["phone"], row["whatsapp_id"]) for row in rows} == {(ANA, BSUID)}
    code, output = run("ledger", "export", "--with-addresses", "--reason", "the auditor")
    assert json.loads(output)["@graph"][0]["dpv:hasDataSubject"]["dpv:hasIdentifier"] == [BSUID, ANA]
    assert looks(database_url) == [("ledger export --with-addresses", getpass.getuser())] * 3
    shown = json.loads(run("person", "show", ANA, "--json")[1])["reads"]
    assert [read["reason"] for read in shown] == ["the auditor"] * 3 + [""]
    code, output = run("ledger", "export", "--reason", "no addresses are asked for")
    assert ANA not in output


@pytest.mark.usefixtures("request_of_ana")
def test_a_search_that_finds_nobody_is_not_recorded_as_a_look(run: Run, database_url: str) -> None:
    assert run("person", "show", "+447911999999")[0] == 1
    assert run("requests", "show", "019a0000-0000-7000-8000-000000000001")[0] == 1
    assert looks(database_url) == []


def test_the_auditor_page_lists_which_commands_record_a_look() -> None:
    section = AUDITOR.read_text("utf-8").partition("## Who looked\n")[2].partition("\n## ")[0]
    recorded, _, not_recorded = section.partition("These are not recorded")
    for path in LOOKS:
        assert f"`{' '.join(path)}`" in recorded
    for path in NOBODY:
        if path[0] in ("requests", "deadletter", "ledger", "retention", "replay-erasures"):
            assert f"`{' '.join(path)}`" in not_recorded
