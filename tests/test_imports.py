"""The house plan: which room may import which. Read `MAY_IMPORT` top to bottom: the way of a message, outside in.

Every import statement counts, also inside functions and under `TYPE_CHECKING`. A new module or folder directly in
`bot/` must be entered here.
"""

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from bot.app.stores import Stores

BOT = Path(__file__).parent.parent / "bot"

COMPOSITION = {"app", "commands", "hosts", "testing", "__init__", "__main__"}
"""Puts the parts together: may import everything, but see `NO_STORES`."""

NO_STORES = {"commands", "hosts", "web"}
"""Talks with operators, hosts and browsers: reaches people's data through use cases alone, which record each look."""

HOLD_A_RUNTIME = {"commands/serve.py", "hosts/aiohttp_app.py"}
"""Start a process of their own: they may hold its `Runtime`, and pass it on."""

LEAVES = {
    "settings",
    "business",
    "keys",
    "numbers",
    "paths",
    "durations",
    "times",
    "batcher",
    "errors",
    "logs",
    "toml_file",
}
"""May be imported by everyone, and import only each other."""

MAY_IMPORT: dict[str, set[str]] = {
    # room: what it may import besides itself and the leaves; "room.module" is that module and nothing else of the room
    "web": {"service", "conversation", "messages", "consent", "i18n"},
    "service": {"conversation", "words", "messages", "consent", "i18n"},
    "conversation": {"words", "messages", "consent", "i18n"},
    "words": {"i18n"},
    "messages": {"consent"},
    "consent": set(),
    "i18n": set(),
    "translating": {"conversation", "words", "messages", "i18n"},
    # what implements the protocols that service declares
    "channels": {"service.ports", "messages", "consent", "i18n"},
    "stores": {"service.ports", "messages", "conversation.session", "consent"},
    "documents": {"service.rights.my_data", "conversation", "consent", "i18n"},
    # processes of the program's own
    "engines": set(),
}


def imports(source: str, package: str = "bot") -> Iterator[str]:
    """Every module of ours that the source text of a module in `package` may import, by its full name.

    `from ..service import ports` names `bot.service.ports`: whether that is a module cannot be seen here, and a name
    in a package's `__init__` is judged like a module of it.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "bot")
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            if module.split(".")[0] == "bot":
                yield from (f"{module}.{alias.name}" for alias in node.names)


def package_of(path: Path, root: Path) -> str:
    """`bot.service` for `bot/service/worker.py`."""
    return ".".join(path.relative_to(root.parent).parent.parts)


def complaint(room: str, target: str) -> str | None:
    """Why a module of `room` may not import `target`, a full name; None when it may."""
    parts = target.split(".")[1:]
    other = parts[0] if parts else "__init__"
    if room in NO_STORES and other == "stores":
        return f"{room} reaches no store: a use case of service does, and records who looks"
    if room in COMPOSITION or other in (room, "__version__"):
        return None
    if other in LEAVES:
        return None
    if room in LEAVES:
        return f"{room} is a leaf and imports only leaves"
    if room not in MAY_IMPORT:
        return f"{room} is not in the table of tests/test_imports.py: decide where it belongs"
    allowed = MAY_IMPORT[room]
    if other in allowed or any(f"{'.'.join(parts)}.".startswith(f"{name}.") for name in allowed):
        return None
    return f"{room} may import only {', '.join(sorted(allowed)) or 'the leaves'}"


def room_of(path: Path, root: Path) -> str:
    """`service` for `bot/service/sending/deliver.py`, `settings` for `bot/settings.py`."""
    return path.relative_to(root).parts[0].removesuffix(".py")


def complaints(root: Path) -> list[str]:
    """All forbidden imports below `root`, one line each."""
    return [
        f"{path.relative_to(root.parent)} imports {target}: {why}"
        for path in sorted(root.rglob("*.py"))
        for target in imports(path.read_text(), package_of(path, root))
        if (why := complaint(room_of(path, root), target))
    ]


def parts_of_a_runtime() -> set[str]:
    """What a `Runtime` leads to: its stores, each of them, and its use cases."""
    return {"stores", "use_cases", *(field.name for field in fields(Stores))}


def ways_to_a_store(module: str, source: str) -> Iterator[str]:
    """What in the source text of a module of `NO_STORES` takes hold of a store, or of who has all of them."""
    tree = ast.parse(source)
    runtimes = {"bot.app.runtime.Runtime", "bot.app.runtime.open_runtime"}
    holds = bool(runtimes & set(imports(source, f"bot.{module.split('/')[0]}")))
    if holds and module not in HOLD_A_RUNTIME:
        yield "imports a Runtime"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        of_itself = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if node.attr == "runtime":
            yield "takes a Runtime"
        elif holds and node.attr in parts_of_a_runtime():
            yield f"uses .{node.attr} of a Runtime"
        elif node.attr.startswith("_") and not node.attr.startswith("__") and not of_itself:
            yield f"uses .{node.attr}, which is private"


def ways_around(root: Path) -> list[str]:
    """All of them below `root`, one line each."""
    return [
        f"{module} {what}"
        for room in sorted(NO_STORES)
        for path in sorted((root / room).rglob("*.py"))
        for module in (path.relative_to(root).as_posix(),)
        for what in ways_to_a_store(module, path.read_text())
    ]


def test_no_store_is_reached_from_commands_hosts_or_pages() -> None:
    """Else somebody could look at a person without a record of it."""
    assert {"persons", "ledger", "database", "requests", "reads", "shards", "client"} <= parts_of_a_runtime()
    assert ways_around(BOT) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("commands/person.py", "from ..app.runtime import open_runtime"),
        ("commands/person.py", "from ..app.runtime import Runtime as Anything"),
        ("commands/demo.py", "async def f(simulation):\n    await simulation.runtime.stores.ledger.story('x')"),
        ("commands/demo.py", "def f(simulation):\n    one = simulation.runtime"),
        ("commands/doctor.py", "def f(operators):\n    return operators.checks._runtime"),
        (
            "commands/serve.py",
            "from ..app.runtime import open_runtime\nasync def f(one):\n    one.stores.persons.load([])",
        ),
        ("hosts/aiohttp_app.py", "from ..app.runtime import Runtime\ndef f(one):\n    return one.stores.database"),
        ("web/console/look.py", "def f(app):\n    return app.runtime"),
    ],
)
def test_a_planted_way_to_a_store_is_found(tmp_path: Path, module: str, source: str) -> None:
    planted = tmp_path / "bot" / module
    planted.parent.mkdir(parents=True)
    planted.write_text(source)
    assert ways_around(tmp_path / "bot")


def test_every_import_is_allowed_by_the_table() -> None:
    assert complaints(BOT) == []


def test_every_package_and_module_is_in_the_import_table() -> None:
    rooms = {room_of(path, BOT) for path in BOT.rglob("*.py")}
    assert rooms <= COMPOSITION | LEAVES | MAY_IMPORT.keys()


def test_dialect_and_providers_import_no_other_provider() -> None:
    """Another host can speak WhatsApp's dialect, and any folder can go without the others."""
    channels = BOT / "channels"
    providers = {path.name for path in channels.iterdir() if path.is_dir()} - {"whatsapp", "simulator", "__pycache__"}
    forbidden = {
        "whatsapp": providers | {"simulator"},
        **{name: providers - {name} | {"simulator"} for name in providers},
    }
    assert "meta" in providers
    assert [
        (name, target)
        for name, others in forbidden.items()
        for path in sorted((channels / name).rglob("*.py"))
        for target in imports(path.read_text(), package_of(path, BOT))
        if target.split(".")[2:3] and target.split(".")[1] == "channels" and target.split(".")[2] in others
    ] == []


def test_ports_are_imported_only_from_their_package() -> None:
    """Whoever needs one need not know by which subject it is sorted."""
    ports = BOT / "service" / "ports"
    behind = {f"bot.service.ports.{path.stem}" for path in ports.glob("*.py")} - {"bot.service.ports.__init__"}
    outside = [path for room in (BOT, BOT.parent / "tests") for path in room.rglob("*.py") if ports not in path.parents]
    assert len(behind) > 1
    assert [
        (path.name, target)
        for path in outside
        for target in imports(path.read_text(), package_of(path, BOT))
        if any(f"{target}.".startswith(f"{module}.") for module in behind)
    ] == []


def test_the_import_table_lists_nothing_twice() -> None:
    assert not COMPOSITION & LEAVES
    assert not (COMPOSITION | LEAVES) & MAY_IMPORT.keys()


def test_no_module_of_ours_is_imported_by_its_full_name() -> None:
    """Installed from a wheel, the package has another name."""
    assert [
        str(path.relative_to(BOT.parent))
        for path in sorted(BOT.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "bot")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "bot" for alias in node.names))
    ] == []


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("conversation/dialogue.py", "from ..service import worker"),
        ("conversation/dialogue.py", "import bot.stores.redis.sessions"),
        ("words/intents.py", "from ..conversation import turn"),
        ("messages/inbound.py", "from ..conversation.session import Session"),
        ("consent/lifecycle.py", "from ..messages.inbound import Inbound"),
        ("i18n/catalogs.py", "from ..conversation import world"),
        ("service/sending/deliver.py", "from ...channels.whatsapp import errors"),
        ("service/sending/deliver.py", "def late():\n    from ...stores import postgres"),
        ("stores/redis/inbox.py", "from ...service.incoming.receive import Receive"),
        ("stores/redis/inbox.py", "from ...service import worker"),
        ("stores/redis/inbox.py", "from ...conversation.dialogue import Dialogue"),
        ("stores/redis/inbox.py", "from ...channels import simulator"),
        ("channels/simulator/phone.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bot.web"),
        ("web/webhook.py", "from ..stores.redis import inbox"),
        ("web/webhook.py", "from bot.engines import engines"),
        ("commands/person.py", "from ..stores.postgres.reads import Reads"),
        ("commands/person.py", "def late():\n    from .. import stores"),
        ("hosts/host.py", "from ..stores import postgres"),
        ("settings.py", "from .i18n import texts"),
        ("brand_new.py", "from .service import ports"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, module: str, statement: str) -> None:
    planted = tmp_path / "bot" / module
    planted.parent.mkdir(parents=True)
    planted.write_text(statement)
    assert len(complaints(tmp_path / "bot")) == 1


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("stores/redis/outbox.py", "from ...service.ports import Channel\nfrom ...service import ports"),
        ("stores/redis/outbox.py", "from .scripts import Script\nfrom ... import settings"),
        ("conversation/dialogue.py", "from ..consent.lifecycle import give\nfrom ..business import Business"),
        ("web/health.py", "from .. import __version__\nfrom ..service import metrics\nimport aiohttp"),
        ("hosts/host.py", "from ..service import ports\nfrom ..app import runtime"),
        ("commands/cli.py", "from ..engines import engines"),
    ],
)
def test_an_allowed_import_passes(tmp_path: Path, module: str, statement: str) -> None:
    planted = tmp_path / "bot" / module
    planted.parent.mkdir(parents=True)
    planted.write_text(statement)
    assert complaints(tmp_path / "bot") == []
