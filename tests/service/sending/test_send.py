"""One door for sending: nothing else makes a message, gives it another basis, or writes to the outbox."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

BOT = Path(__file__).parents[3] / "bot"

MAKES = {"service/sending/send.py"}
CHANGES = {"service/sending/deliver.py": {"attempt", "alone", "refused_at"}}
"""Which parts of a message are changed once it is made, and where."""
QUEUES = {
    "service/rights/fulfil.py": "answer_task",
    "service/hand_over.py": "hand_back",
    "service/sending/deliver.py": "retry",
}
COMMITS = {"service/incoming/converse.py"}
WRITES = {"keys", "outbox", "sessions", "deadletters", "data_holders", "shard"}
"""Modules of the Redis store that touch the outbox: `data_holders` only to erase from it."""


@cache
def modules() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(BOT).as_posix(), ast.parse(path.read_text("utf-8"))) for path in sorted(BOT.rglob("*.py"))
    ]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node


def makers(tree: ast.AST) -> int:
    return sum(name == "Outbound" for name, _ in calls(tree))


def changed(tree: ast.AST) -> set[str | None]:
    """What is replaced in values that are called `outbound`; None: whatever a mapping names."""
    return {
        keyword.arg
        for name, call in calls(tree)
        if name in ("replace", "force_setattr") and call.args and "outbound" in ast.unparse(call.args[0])
        for keyword in call.keywords
    }


def test_only_the_factory_makes_a_message() -> None:
    assert {name for name, tree in modules() if makers(tree)} == MAKES


def test_nothing_gives_a_message_another_basis_or_window() -> None:
    assert {name: parts for name, tree in modules() if (parts := changed(tree))} == CHANGES


def test_the_outbox_is_written_to_where_the_gate_has_judged() -> None:
    methods = set(QUEUES.values())
    found = {
        (name, method)
        for name, tree in modules()
        if not name.startswith("stores/")
        for method, call in calls(tree)
        if method in methods and "outbox" in ast.unparse(call.func)
    }
    assert found == set(QUEUES.items())


def test_only_converse_commits_messages() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "outbound" and not name.startswith("stores/")
    }
    assert found == COMMITS


def test_only_the_outbox_and_the_commit_touch_its_key() -> None:
    found = {
        Path(name).stem
        for name, tree in modules()
        if name.startswith("stores/redis/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "outbox"
    }
    assert found <= WRITES


@pytest.mark.parametrize(
    ("source", "found"),
    [("Outbound('id')", 1), ("reply.Outbound(**fields)", 1), ("isinstance(one, Outbound)", 0), ("outbound(1)", 0)],
)
def test_a_maker_is_found(source: str, found: int) -> None:
    assert makers(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("msgspec.structs.replace(outbound, basis=Answer())", {"basis"}),
        ("replace(queued.outbound, **changes)", {None}),
        ("replace(reply, body='')", set()),
    ],
)
def test_a_change_is_found(source: str, found: set[str | None]) -> None:
    assert changed(ast.parse(source)) == found
