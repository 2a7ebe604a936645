"""`retention`: telling changes nothing, doing leaves nothing older than policy, and the sources are on the page."""

import asyncio
import json
import re
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.business import load
from bot.commands.retention import BUSY
from bot.consent.evidence import Kind
from bot.consent.retention import DEFAULT, figures, policy
from bot.keys import Keyring
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.ports import Append
from bot.stores.postgres.connect import connect
from bot.stores.postgres.ledger import Ledger
from bot.stores.postgres.persons import Persons
from bot.stores.postgres.retention import Retained
from bot.times import in_words
from tests.commands.shell import ANA, Run
from tests.consent.facts import entry

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture
def long_silent(environment: dict[str, str | None]) -> None:
    """Somebody who became known in 2020 and consented to nothing."""
    asyncio.run(_make_silent(environment))


async def _make_silent(environment: dict[str, str | None]) -> None:
    database = await connect(str(environment["DATABASE_URL"]), connections=1)
    await Persons(database, Keyring([str(environment["SECRET_KEY"])])).create([Sender(ANA)])
    await database.execute("UPDATE persons SET created_at = $1", datetime(2020, 1, 1, tzinfo=UTC))
    await database.close()


def lines(run: Run) -> dict[str, dict[str, object]]:
    code, output = run("retention", "--dry-run", "--json")
    assert code == 0
    return {line["rule"]: line for line in json.loads(output)}


@pytest.mark.usefixtures("long_silent")
def test_a_dry_run_shows_what_would_be_deleted_and_by_which_rule(run: Run) -> None:
    for _ in range(2):
        line = lines(run)["prospect_after_last_contact"]
        assert line["due"] == {"now": 1, "in_30_days": 1, "in_90_days": 1}
        assert line["first_due"] == "2023-01-01"
        assert "CNIL" in str(line["source"])
    code, output = run("retention", "--dry-run")
    assert code == 0
    assert re.search(r"prospect_after_last_contact +1095 days +1 +1 +1 +2023-01-01 +0", output)
    assert "three years from the last contact" in output


@pytest.mark.usefixtures("long_silent")
def test_retention_deletes_what_is_due(run: Run) -> None:
    code, output = run("retention")
    assert code == 0
    assert re.search(r"1 +prospect_after_last_contact", output)
    assert lines(run)["prospect_after_last_contact"]["due"] == {"now": 0, "in_30_days": 0, "in_90_days": 0}
    assert run("retention")[1] == "Nothing was due.\n"
    assert json.loads(run("retention", "--json")[1])["exports"] == 0


def test_the_story_says_why_a_consent_ended(run: Run, environment: dict[str, str | None]) -> None:
    asyncio.run(_make_consent(environment, since=int(time.time()) - 400 * 86400, days=365))
    assert json.loads(run("retention", "--json")[1])["validity"] == 1
    code, output = run("ledger", "show", ANA)
    assert code == 0
    assert "because of: validity" in output


async def _make_consent(environment: dict[str, str | None], since: int, days: int) -> None:
    database = await connect(str(environment["DATABASE_URL"]), connections=1)
    keys = Keyring([str(environment["SECRET_KEY"])])
    (person,) = await Persons(database, keys).create([Sender(ANA)])
    asked = entry(Kind.REQUESTED, since)
    given = entry(Kind.GIVEN, since, inbound="yes", expires_at=since + days * 86400)
    await Ledger(database, keys).append([Append(person, 0, [asked, given])])
    await database.close()


def test_retention_refuses_to_run_while_a_worker_runs_it(run: Run, environment: dict[str, str | None]) -> None:
    begun, done = threading.Event(), threading.Event()

    async def at_it() -> None:
        database = await connect(str(environment["DATABASE_URL"]), connections=1)
        async with Retained(database).alone():
            begun.set()
            await asyncio.to_thread(done.wait)
        await database.close()

    worker = threading.Thread(target=asyncio.run, args=[at_it()])
    worker.start()
    assert begun.wait(60)
    code, output = run("retention")
    done.set()
    worker.join()
    assert code == 1
    assert BUSY in output


# --- what doctor says


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ('prospect_after_last_contact = "2000d"', "retention prospect_after_last_contact"),
        ('suppression = "100d"', "retention suppression"),
        ('max_age = "400d"', "validity of order_updates"),
        ('prospect_after_last_contact = "100d"', None),
    ],
)
def test_doctor_warns_of_a_period_beyond_its_source(run: Run, tmp_path: Path, own: str, told: str | None) -> None:
    file = tmp_path / "business.toml"
    file.write_text((FLOWS / "business.toml").read_text("utf-8") + own, "utf-8")
    code, output = run("doctor", "--release", "--json", BUSINESS_FILE=str(file))
    warnings = [check["name"] for check in json.loads(output)["checks"] if not check["ok"]]
    assert code == 0
    found = [name for name in warnings if name.startswith(("retention", "validity"))]
    assert found == ([told] if told else [])


# --- what the pages say


def test_the_auditor_page_lists_every_period_with_its_source() -> None:
    page = (DOCS / "auditor.md").read_text("utf-8")
    for country, names in figures().items():
        for name, figure in names.items():
            whose = "everywhere else" if country == DEFAULT else country
            limit = "at most" if figure.limit == "most" else "at least"
            row = f"| `{name}` | {whose} | {limit} {in_words(figure.after)} | {figure.basis} | {figure.source} |"
            assert row in page
    for name, figure in figures()[DEFAULT].items():
        assert f"- `{name}`: {figure.means}." in page


def test_the_example_uses_the_retention_periods_of_its_country() -> None:
    assert all(rule.after == rule.figure.after for rule in policy(load(FLOWS / "business.toml")).values())
