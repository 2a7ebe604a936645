"""Where the keys of a TOML file stand: for messages that name a line, which the parser does not keep."""

import re
from collections.abc import Mapping

_ARRAY = re.compile(r"\s*\[\[\s*([\w.\"'@-]+)\s*\]\]")
_TABLE = re.compile(r"\s*\[\s*([\w.\"'@-]+)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w\"'@-]+)\s*=")
_LONG = re.compile(r'"""|\'\'\'')


def key_lines(text: str) -> Mapping[str, int]:
    """Return key → line: `texts.ask.en`, or `states.0.name` for the first of several tables `[[states]]`."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix, inside = "", False
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            if array := _ARRAY.match(line):
                name = _bare(array[1])
                prefix = f"{name}.{counts.get(name, 0)}"
                counts[name] = counts.get(name, 0) + 1
                found.setdefault(prefix, number)
            elif table := _TABLE.match(line):
                prefix = _bare(table[1])
                found.setdefault(prefix, number)
            elif key := _KEY.match(line):
                found.setdefault(f"{prefix}.{_bare(key[1])}" if prefix else _bare(key[1]), number)
        inside ^= len(_LONG.findall(line)) % 2 == 1
    return found


def _bare(key: str) -> str:
    return key.replace('"', "").replace("'", "")


def line_of(lines: Mapping[str, int], key: str) -> int:
    """Return the line of a key, or of the table that it would stand in; 1 if there is neither."""
    while key not in lines and "." in key:
        key = key.rpartition(".")[0]
    return lines.get(key, 1)
