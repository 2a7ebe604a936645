"""One door for sending: nothing else makes a message, gives it another basis, queues it or hands it to a channel."""

import ast
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.test_imports import gives, imports, package_of, plant

BOT = Path(__file__).parents[3] / "bot"
REDIS = BOT / "stores" / "redis"

SEND = "service/sending/send.py"
DELIVER = "service/sending/deliver.py"

CHANGES = {
    DELIVER: {"attempt", "alone", "doubtful", "refused_at", "ledger_seq", "postponed_at"},
    "channels/senders.py": {"reply", "document"},
}
"""Which parts of a message are changed once it is made, and where: the id of a file loses its channel's name."""

CALLS: Mapping[str, tuple[str, set[str]]] = {
    # method: (what its owner is called, who may call it)
    "hand_back": ("outbox", {SEND}),
    "answer_task": ("outbox", {SEND}),
    "queue": ("outbox", {SEND}),
    "commit": ("sessions", {SEND}),
    "retry": ("outbox", {DELIVER}),
    "send": ("channel", {SEND, DELIVER}),
}
"""What queues a message, or hands it to a channel; `retry` puts back what was read from the outbox."""

QUEUES: Mapping[str, set[str]] = {
    # what queues messages, or makes them: the modules that import it
    "bot.service.ports.Outbox": {
        SEND,
        DELIVER,
        "service/worker.py",
        "service/incoming/converse.py",
        "service/incoming/statuses.py",
    },
    "bot.service.ports.Sessions": {
        SEND,
        "service/incoming/converse.py",
        "service/incoming/cases.py",
        "service/conversations.py",
        "service/operators/recording.py",
        "service/sending/window.py",
    },
    "bot.stores.redis.outbox.Outbox": {"app/stores.py"},
    "bot.stores.redis.sessions.Sessions": {"app/stores.py"},
    "bot.service.sending.send.outbound": set(),
}
"""The others read from it, finish or bring back messages, or, in `app`, construct it and pass it on."""

HOLDERS = {
    *("app/operators.py", "app/runtime.py", "app/simulation.py", "app/stores.py", "app/use_cases.py"),
    "service/incoming/converse.py",
}
"""Modules that get an outbox or sessions from a shard; what they call it does not matter."""

ONLY_SEND_QUEUES = "only bot/service/sending/send.py queues messages: call `Send` (see the docstring of that module)"

JUDGES = {
    "judge": {DELIVER},
    "judge_for_host": {"service/hand_over.py"},
    "judged": {"service/company/messages.py", "service/operators/reach.py"},
    "passes_at": {SEND},
    "refusal": set[str](),
    "withheld": {SEND},
}
"""Who asks the gate; what it answers with these is found nowhere else."""

SCRIPTS = {
    "COMMIT": "queues what a step says, as `send` made it, with the session and the end of the messages",
    "ANSWER": "queues what answers a task, or comes from the host's bot, as `send` made it",
    "QUEUE": "queues what the company sends, as `send` made it",
    "RETRY": "puts back what was read from the outbox",
    "PROMOTE": "brings back what was put back",
    "FINISH_MESSAGE": "lets the next message of the same person go, which lay behind the finished one",
    "REPLAY": "puts back what had become a dead letter",
}
"""The only scripts that can write where messages to be sent lie, and why they may."""

KEYS = {"outbox", "lanes", "waiting", "retries"}
"""Where messages to be sent lie, as `keys.ShardKeys` calls it."""

WRITES = {
    "APPEND", "COPY", "EVAL", "EVALSHA", "HINCRBY", "HMSET", "HSET", "HSETNX", "LINSERT", "LMOVE", "LPUSH", "LPUSHX",
    "LSET", "MSET", "MSETNX", "PSETEX", "RENAME", "RENAMENX", "RESTORE", "RPUSH", "RPUSHX", "SADD", "SET", "SETEX",
    "SETNX", "SETRANGE", "XADD", "ZADD", "ZINCRBY",
}  # fmt: skip
"""Commands that put something where nothing was."""


@cache
def modules(root: Path = BOT) -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"))) for path in sorted(root.rglob("*.py"))
    ]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node


def makers(tree: ast.AST) -> int:
    return sum(name in ("Outbound", "outbound") for name, _ in calls(tree))


def changed(tree: ast.AST) -> set[str | None]:
    """What is replaced in values that are called `outbound`; None: whatever a mapping names."""
    return {
        keyword.arg
        for name, call in calls(tree)
        if name in ("replace", "force_setattr") and call.args and "outbound" in ast.unparse(call.args[0])
        for keyword in call.keywords
    }


def owners(method: str, root: Path) -> Iterator[tuple[str, str]]:
    """Every module that calls a method, apart from what implements it, with the expression that it calls it of."""
    for name, tree in modules(root):
        if not name.startswith(("stores/", "channels/")):
            for called, call in calls(tree):
                if called == method and isinstance(call.func, ast.Attribute):
                    yield name, ast.unparse(call.func.value)


def callers(method: str, owner: str, root: Path = BOT) -> set[str]:
    """The modules that call a method of something called so, apart from what implements it."""
    return {name for name, of in owners(method, root) if owner in of.lower()}


def callers_past_send(method: str, root: Path = BOT) -> set[str]:
    """The modules that call such a method of something that is not `Send`, apart from what implements it."""
    return {name for name, of in owners(method, root) if of != "self._send"}


@cache
def imported(root: Path) -> dict[str, set[str]]:
    """Every module with what it imports, by full names."""
    return {
        path.relative_to(root).as_posix(): set(imports(path.read_text("utf-8"), package_of(path, root)))
        for path in root.rglob("*.py")
    }


def importers(name: str, root: Path = BOT) -> set[str]:
    """The modules that import something by its full name, or what it is in, under whatever name."""
    return {module for module, targets in imported(root).items() if any(gives(target, name) for target in targets)}


def holders(root: Path = BOT) -> set[str]:
    """The modules with an attribute under one of the names by which a shard gives its outbox and sessions."""
    return {
        name
        for name, tree in modules(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("outbox", "sessions", "urgent_sessions", "all_sessions")
        if not name.startswith("stores/")
    }


def test_only_send_py_constructs_outbound_messages() -> None:
    assert {name for name, tree in modules() if makers(tree)} == {SEND}


def test_no_code_changes_the_basis_or_window_of_a_message() -> None:
    assert {name: parts for name, tree in modules() if (parts := changed(tree))} == CHANGES


@pytest.mark.parametrize("method", CALLS)
def test_only_listed_modules_queue_messages_or_pass_them_to_a_channel(method: str) -> None:
    owner, allowed = CALLS[method]
    assert callers(method, owner) == allowed


@pytest.mark.parametrize("name", QUEUES)
def test_only_listed_modules_import_what_queues_messages(name: str) -> None:
    assert importers(name) == QUEUES[name], ONLY_SEND_QUEUES


def test_only_listed_modules_take_the_outbox_or_sessions_from_a_shard() -> None:
    assert holders() == HOLDERS, ONLY_SEND_QUEUES


@pytest.mark.parametrize("method", ["hand_back", "answer_task", "commit"])
def test_only_send_py_calls_a_queueing_method_of_anything_but_send(method: str) -> None:
    """The methods have no namesakes, so that a call is found whatever the outbox is called there."""
    assert callers_past_send(method) == {SEND}, ONLY_SEND_QUEUES


def test_only_operators_replay_dead_letters() -> None:
    found = callers("replay", "dead")
    assert found
    assert all(name.startswith(("commands/", "service/operators/")) for name in found)


@pytest.mark.parametrize("method", JUDGES)
def test_gate_is_checked_on_queueing_on_delivery_and_before_the_host(method: str) -> None:
    found = {name for name, tree in modules() for called, _ in calls(tree) if called == method}
    assert found - {"service/sending/gate.py", "service/sending/judge.py"} == JUDGES[method]


def test_only_converse_and_the_stores_access_the_outbound_of_a_commit() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "outbound" and not name.startswith("stores/")
    }
    assert found == {"service/incoming/converse.py"}


@pytest.mark.parametrize(
    ("source", "found"),
    [("Outbound('id')", 1), ("reply.Outbound(**fields)", 1), ("isinstance(one, Outbound)", 0), ("send.outbound(1)", 1)],
)
def test_scan_finds_code_that_constructs_outbound_messages(source: str, found: int) -> None:
    assert makers(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("msgspec.structs.replace(outbound, basis=Answer())", {"basis"}),
        ("replace(queued.outbound, **changes)", {None}),
        ("replace(reply, body='')", set()),
    ],
)
def test_scan_finds_replaced_fields_of_outbound_messages(source: str, found: set[str | None]) -> None:
    assert changed(ast.parse(source)) == found


@pytest.mark.parametrize("method", CALLS)
def test_scan_finds_a_planted_caller(tmp_path: Path, method: str) -> None:
    owner, _ = CALLS[method]
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "planted.py").write_text(f"async def sneak(self):\n    await self._{owner}.{method}(b'')\n")
    assert callers(method, owner, tmp_path) == {"service/planted.py"}


ALIASES = {
    "the port under another name": (
        "bot.service.ports.Outbox",
        "service/planted.py",
        "from .ports import Outbox as Box\nclass Sneak:\n    def __init__(self, box: Box):\n        self._box = box\n\n"
        "    async def sneak(self):\n        await self._box.hand_back(b'', [])\n",
    ),
    "the port through its package": (
        "bot.service.ports.Sessions",
        "service/rights/planted.py",
        "from .. import ports as p\nasync def sneak(kept: p.Sessions):\n    await kept.commit([])\n",
    ),
    "the class of Redis": (
        "bot.stores.redis.outbox.Outbox",
        "app/planted.py",
        "from ..stores.redis import outbox as redis\nasync def sneak(*given):\n"
        "    await redis.Outbox(*given).answer_task(b'', [])\n",
    ),
    "what makes a message": (
        "bot.service.sending.send.outbound",
        "service/planted.py",
        "def late():\n    from .sending.send import outbound as made\n    return made()\n",
    ),
}


@pytest.mark.parametrize("alias", ALIASES)
def test_scan_finds_a_planted_alias_by_its_import(tmp_path: Path, alias: str) -> None:
    name, module, source = ALIASES[alias]
    assert importers(name, plant(tmp_path, module, source)) == {module}


@pytest.mark.parametrize("method", ["hand_back", "answer_task", "commit"])
def test_scan_finds_an_alias_taken_from_a_shard(tmp_path: Path, method: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "planted.py").write_text(
        f"async def sneak(shard):\n    box = shard.outbox\n    await box.{method}(b'', [])\n"
    )
    assert callers(method, CALLS[method][0], tmp_path) == set()
    assert callers_past_send(method, tmp_path) == holders(tmp_path) == {"app/planted.py"}


# --- Redis


def lua(root: Path, name: str) -> str:
    return re.sub(r"--.*", "", (root / f"{name}.lua").read_text("utf-8"))


def writing_functions(root: Path) -> set[str]:
    """The functions of lanes.lua that write, also by another one."""
    bodies = dict(re.findall(r"^local function (\w+)(.*?)(?=^local function|\Z)", lua(root, "lanes"), re.M | re.S))
    writing: set[str] = set()
    while (
        more := {name for name, body in bodies.items() if commands(body) & WRITES or calls_any(body, writing)} - writing
    ):
        writing |= more
    return writing


def commands(source: str) -> set[str]:
    """What a script has Redis do; all that writes if it does not say."""
    named = set(re.findall(r"redis\.p?call\(\s*'(\w+)'", source))
    if len(re.findall(r"redis\.p?call\b", source)) != len(re.findall(r"redis\.p?call\(\s*'", source)):
        return WRITES
    return {name.upper() for name in named}


def calls_any(source: str, functions: set[str]) -> bool:
    return any(re.search(rf"\b{name}\(", source) for name in functions)


def scripts(root: Path) -> dict[str, str]:
    """Every script with its whole source, that of the shared functions left out; a file that is none counts, too."""
    files = {path.stem: path.stem for path in root.glob("*.lua") if path.stem != "lanes"}
    for _, tree in modules(root):
        for node in ast.walk(tree):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.Call(func=ast.Name(id="Script"), args=[ast.Constant(stem), *_]),
                ):
                    files[str(stem)] = name
    return {name: lua(root, stem) for stem, name in files.items()}


def runs(root: Path) -> dict[str, set[str]]:
    """Every script, and every bare command that writes, with the keys that whoever runs it names."""
    found: dict[str, set[str]] = {}
    for module, tree in modules(root):
        for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.Module)):
            kept = _kept(owner)
            for function in ast.walk(owner):
                if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                named = _attributes(function)
                keys = named & KEYS | {key for name in named for key in kept.get(name, ())}
                for what in _run(function):
                    name = what if what not in WRITES else f"{module}: {what}"
                    found.setdefault(name, set()).update(keys)
    return found


def _kept(owner: ast.AST) -> dict[str, set[str]]:
    """The keys that an object has put into attributes of its own."""
    kept: dict[str, set[str]] = {}
    for node in ast.walk(owner):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
                kept.setdefault(name, set()).update(_attributes(value) & KEYS)
    return kept


def _attributes(node: ast.AST) -> set[str]:
    return {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _run(function: ast.AST) -> Iterator[str]:
    """The scripts and the writing commands that a function runs."""
    for name, call in calls(function):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=script))) if name == "run" and script.isupper():
                yield script
            case ast.Call(args=[ast.Constant(str(command)), *_]) if name in ("run", "_run") and command in WRITES:
                yield command


def writers(root: Path) -> set[str]:
    """What can write where messages to be sent lie."""
    lanes, run = writing_functions(root), runs(root)
    sources = scripts(root)
    by_script = {
        name
        for name, source in sources.items()
        if calls_any(source, lanes) or (commands(source) & WRITES and run.get(name, KEYS))
    }
    return by_script | {name for name, keys in run.items() if name not in sources and keys}


def test_only_known_scripts_write_to_the_outbox() -> None:
    assert writers(REDIS) == SCRIPTS.keys()


def test_scan_finds_exactly_the_known_writing_functions_of_lanes_lua() -> None:
    assert writing_functions(REDIS) == {"keep", "send", "move", "line_up", "next_in_lane", "hold"}


PLANTED = {
    "a script that adds to the stream": (
        "redis.call('XADD', KEYS[1], '*', 'e', ARGV[1])",
        "PLANTED = Script('planted')\nclass Sneak:\n"
        "    async def sneak(self):\n        await PLANTED.run(self._client, [self._shard.outbox], [])\n",
        "PLANTED",
    ),
    "a script that lets it wait": (
        "redis.pcall( 'ZADD', KEYS[1], 0, ARGV[1])",
        "PLANTED = Script('planted')\n"
        "class Sneak:\n    def __init__(self, shard):\n        self._key = shard.retries\n\n"
        "    async def sneak(self):\n        await PLANTED.run(self._client, [self._key], [])\n",
        "PLANTED",
    ),
    "a script that does not say what it does": (
        "redis.call(ARGV[1], KEYS[1])",
        "PLANTED = Script('planted')\nclass Sneak:\n"
        "    async def sneak(self):\n        await PLANTED.run(self._client, [self._shard.waiting], [])\n",
        "PLANTED",
    ),
    "a script that uses the lanes": (
        "line_up({ outbox = KEYS[1] }, '', ARGV)",
        "PLANTED = Script('planted', 'lanes')\n",
        "PLANTED",
    ),
    "a script that nobody declares": ("redis.call('XADD', KEYS[1], '*', 'e', ARGV[1])", "", "planted"),
    "a bare command": (
        "",
        "class Sneak:\n    async def sneak(self):\n        await self._client.run('XADD', self._shard.outbox, '*')\n",
        "planted.py: XADD",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_scan_finds_a_planted_outbox_writer(tmp_path: Path, planted: str) -> None:
    script, module, name = PLANTED[planted]
    root = tmp_path / "redis"
    shutil.copytree(REDIS, root)
    if script:
        (root / "planted.lua").write_text(f"-- KEYS: one\n{script}\nreturn 1\n")
    if module:
        (root / "planted.py").write_text(module)
    assert writers(root) - SCRIPTS.keys() == {name}


def test_scan_does_not_report_a_planted_outbox_reader(tmp_path: Path) -> None:
    root = tmp_path / "redis"
    shutil.copytree(REDIS, root)
    (root / "planted.lua").write_text("return redis.call('XLEN', KEYS[1]) -- not redis.call('XADD', KEYS[1])\n")
    (root / "planted.py").write_text(
        "PLANTED = Script('planted')\nclass Reader:\n"
        "    async def look(self):\n        await PLANTED.run(self._client, [self._shard.outbox], [])\n"
    )
    assert writers(root) == SCRIPTS.keys()
