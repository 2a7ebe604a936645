import pytest

from bot.conversation.flow_file import read
from bot.paths import FLOWS
from bot.toml_lines import key_lines, line_of

TEXT = '''\
flow = "x"
[[states]]
name = "a"
choices = [
    "name = 1",
]
[[states]]  # the second
say = "b"
[texts.ask]
en = """One
[texts.no]
say = 1
"""
note = "…"
["a.b"]
c = 1
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("flow", 1),
        ("states.0", 2),
        ("states.0.choices", 4),
        ("states.1", 7),
        ("states.1.say", 8),
        ("texts.ask.en", 10),
        ("texts.ask.note", 14),
        ("a.b.c", 16),
        ("states.1.unknown", 7),
        ("unknown", 1),
        ("texts.no.say", 1),
    ],
)
def test_a_key_has_its_line_or_that_of_its_table(key: str, line: int) -> None:
    assert line_of(key_lines(TEXT), key) == line


def test_every_state_transition_and_text_of_the_shipped_flows_is_found() -> None:
    for file in read(FLOWS):
        table = file.table
        keys = [f"states.{number}" for number in range(len(table.states))]
        keys += [f"transitions.{number}" for number in range(len(table.transitions))]
        keys += [f"texts.{name}.en" for name in table.texts]
        assert [key for key in keys if key not in file.lines] == [], file.source
