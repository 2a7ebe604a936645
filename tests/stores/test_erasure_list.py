"""The list of erasures lasts, whatever becomes of a writer."""

from pathlib import Path

from bot.consent.erasure import Erasure, to_line
from bot.stores import erasure_list
from bot.stores.erasure_list import ErasureList


async def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "list"
    listed = ErasureList(path)
    await listed.add(Erasure("p", 1, ""))
    with path.open("ab") as file:
        file.write(to_line(Erasure("torn", 2, ""))[:20])
    await listed.add(Erasure("q", 3, ""))
    found, broken = erasure_list.read(path)
    assert ([one.person for one in found], broken) == (["p", "q"], 1)
    assert path.stat().st_mode & 0o077 == 0
