"""The list of erasures lasts, whatever becomes of a writer."""

import asyncio
import os
from datetime import date
from pathlib import Path

from bot.consent.erasure import AddressToken, Erasure, Lead, Suppression, to_line
from bot.stores import erasure_list
from bot.stores.erasure_list import ErasureList


async def test_a_torn_line_does_not_damage_the_others(tmp_path: Path) -> None:
    path = tmp_path / "list"
    listed = ErasureList(path)
    await listed.add(Erasure("p", 1, ""))
    with path.open("ab") as file:
        file.write(to_line(Erasure("torn", 2, ""))[:20])
    await listed.add(Erasure("q", 3, ""))
    found, broken = erasure_list.read(path)
    assert ([one.person for one in found], broken) == (["p", "q"], 1)
    assert path.stat().st_mode & 0o077 == 0


TOKEN = AddressToken(b"t" * 16, b"k" * 4)
DAY = 86_400
NOW = 1_790_000_000
"""21 September 2026, 14:13 UTC."""


def suppressed(person: str, since: int, until: date) -> Erasure:
    return Erasure(person, since, "asked", (Suppression(TOKEN, "*", since),), (Lead(TOKEN, until),))


async def test_suppressions_and_leads_are_forgotten_when_they_expire(tmp_path: Path) -> None:
    listed = ErasureList(tmp_path / "list")
    await listed.add(suppressed("old", NOW - 10 * DAY, date(2026, 9, 20)))
    await listed.add(suppressed("", NOW - 10 * DAY, date(2026, 9, 20)))
    await listed.add(suppressed("mark ended", NOW - 10 * DAY, date(2026, 9, 21)))
    await listed.add(suppressed("new", NOW - DAY, date(2026, 12, 1)))
    await listed.forget(NOW, 10 * DAY)
    found, broken = erasure_list.read(tmp_path / "list")
    left = [(one.person, len(one.suppressions), len(one.leads)) for one in found]
    assert (left, broken) == ([("old", 0, 0), ("mark ended", 0, 1), ("new", 1, 1)], 0)
    assert (tmp_path / "list").stat().st_mode & 0o077 == 0


async def test_forgetting_leaves_torn_lines_to_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"torn\n" + to_line(suppressed("old", 1, date(2020, 1, 1))))
    await ErasureList(path).forget(NOW, DAY)
    assert path.read_bytes().startswith(b"torn\n")
    assert erasure_list.read(path)[1] == 1


async def test_concurrent_forgetting_loses_no_erasure(tmp_path: Path) -> None:
    listed = ErasureList(tmp_path / "list")
    adding = [listed.add(suppressed(f"p{number}", number % 2 * NOW, date(2020, 1, 1))) for number in range(40)]
    await asyncio.gather(*adding, *(listed.forget(NOW, DAY) for _ in range(10)))
    found, broken = erasure_list.read(tmp_path / "list")
    assert (len({one.person for one in found}), broken) == (40, 0)


async def test_forgetting_does_not_create_a_missing_list(tmp_path: Path) -> None:
    await ErasureList(tmp_path / "list").forget(NOW, DAY)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
