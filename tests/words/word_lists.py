"""What people write about stopping, and what the shipped words make of it: `python -m tests.words.word_lists`.

The sentences in `tests/data/words/<language>.toml` are by writers who had not seen the keyword files:

- `withdrawals`: clear ones, to be heard (at once, or at least by asking back)
- `negations`: contain such words and want to go on, or tell of the past; none may withdraw at once
- `others`: about orders, visits and the like; none may withdraw at once
- `asks`: complaints after which everything pauses and the bot asks
- `purposes`: about one kind of messages; to be heard
- `ordinary`: single ordinary words of the language; none may withdraw
"""

import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from bot.paths import LOCALES
from bot.words.intents import Intent, Keywords

FOLDER = Path(__file__).parents[1] / "data" / "words"

MUST_BE_HEARD = ("withdrawals", "asks", "purposes")
MUST_NOT_WITHDRAW = ("negations", "others", "ordinary")


_HEARD = (Intent.STOP, Intent.MAYBE_STOP, Intent.NO, Intent.OBJECT, Intent.DELETE)
"""A no is asked about while consent stands; an objection and a deletion end everything, too."""


class Result(NamedTuple):
    """How one kind of sentences of a language fared."""

    kind: str
    tried: int
    wrong: list[str]
    """With the rule that was applied."""
    at_once: int
    """How many withdraw without a question."""


def results(path: Path, keywords: Keywords) -> list[Result]:
    """Try the sentences of one language as its speakers would type them."""
    table: dict[str, list[str]] = tomllib.loads(path.read_text("utf-8"))
    return [_result(kind, table.get(kind, []), path.stem, keywords) for kind in (*MUST_BE_HEARD, *MUST_NOT_WITHDRAW)]


def _result(kind: str, sentences: list[str], language: str, keywords: Keywords) -> Result:
    wrong, at_once = [], 0
    for sentence in sentences:
        match = keywords.classify(sentence, asked_in=language if kind == "asks" else None, spoken=(language,))
        stops = match is not None and match.intent is Intent.STOP
        heard = match is not None and match.intent in _HEARD
        at_once += stops
        if stops if kind in MUST_NOT_WITHDRAW else not heard:
            wrong.append(f"{sentence} ({match.rule if match else 'nothing'})")
    return Result(kind, len(sentences), wrong, at_once)


def main(arguments: list[str]) -> None:
    """Print what went wrong, by language; arguments: languages, and folders to read instead."""
    folders = [Path(argument) for argument in arguments if "/" in argument] or [FOLDER]
    wanted = {argument for argument in arguments if "/" not in argument}
    keywords = Keywords.load(LOCALES)
    for path in sorted(path for folder in folders for path in folder.glob("*.toml")):
        if wanted and path.stem not in wanted:
            continue
        found = results(path, keywords)
        summary = ", ".join(f"{each.kind} {len(each.wrong)}/{each.tried} ({each.at_once} at once)" for each in found)
        print(f"{path.stem}: wrong {summary}")
        if wanted:
            for each in found:
                for sentence in each.wrong:
                    print(f"   {each.kind}: {sentence}")


if __name__ == "__main__":
    main(sys.argv[1:])
