"""Print how the lists fare: `python -m tests.words.fresh [FOLDER] [LOCALE…] [KIND…]`."""

import sys
from pathlib import Path

from bot.paths import LOCALES
from bot.words.intents import Keywords
from tests.words.fresh import FOLDER, KINDS, lists, results


def main(arguments: list[str]) -> None:
    """Print the shares; and what is wrong with the kinds or locales that are named."""
    folder = next((Path(each) for each in arguments if "/" in each), FOLDER)
    kinds = [each for each in arguments if each in KINDS or each == "language"]
    locales = [path.stem for path in lists(folder) if path.stem in arguments]
    offered = tuple(sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/bot.po")))
    keywords = Keywords.load(LOCALES)
    found = [each for path in lists(folder) for each in results(path, keywords, ("en", *offered))]
    found = [each for each in found if not locales or each.locale in locales]
    for kind in (*KINDS, "language"):
        of_kind = [each for each in found if each.kind == kind]
        wrong, tried = sum(len(each.wrong) for each in of_kind), sum(each.tried for each in of_kind)
        print(f"{kind:14} {tried - wrong:5}/{tried:<5} {100 * (tried - wrong) / max(tried, 1):5.1f} %")
    for each in found:
        if each.wrong and (each.kind in kinds or (locales and not kinds)):
            print(f"{each.locale} {each.kind}: " + "; ".join(each.wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
