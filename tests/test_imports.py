"""Which folder of `bot/` may import which, and which code may hold a store. No two modules import each other.

Every import statement counts, also inside functions and under `TYPE_CHECKING`. A new module or folder directly in
`bot/` must be entered here.
"""

import ast
import importlib.util
from collections.abc import Collection, Iterator
from dataclasses import fields
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from bot.app.stores import Stores

BOT = Path(__file__).parent.parent / "bot"

COMPOSITION = {"app", "commands", "hosts", "testing", "__init__", "__main__"}
"""Puts the parts together: may import everything, but see `NO_STORES`."""

NO_STORES = {"commands", "hosts", "web"}
"""Talks with operators, hosts and browsers: reaches people's data through use cases alone, which record each look."""

HOLD_A_RUNTIME = {"commands/serve.py", "hosts/aiohttp_app.py", "app/routes.py"}
"""Start a process of their own, or build its routes: they may hold its `Runtime`, and pass it on."""

RUNTIMES = {"bot.app.runtime.Runtime", "bot.app.runtime.open_runtime"}

HAVE_STORES = {"bot.app.use_cases.UseCases", "bot.app.stores", "bot.stores"}
"""Leads to the stores, too: no module that keeps off them imports it."""

NOT_OF_STORES = {"Channel", "Channels", "Documents", "Eraser", "Post", "Webhooks"}
"""The protocols of `service` that no store implements; all others are ports of stores."""

LEAVES = {
    "settings",
    "environment",
    "urls",
    "business",
    "keys",
    "numbers",
    "own_code",
    "packages",
    "paths",
    "folders",
    "quiet",
    "times",
    "batcher",
    "errors",
    "logs",
    "toml_file",
    "toml_lines",
}
"""May be imported by everyone, and import only each other."""

MAY_IMPORT: dict[str, set[str]] = {  # in the order in which a message passes them, from the web inwards
    # folder: what it may import besides itself and the leaves; "folder.module" allows only that module of the folder
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
    "endpoints": {"service.ports"},
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


def plant(folder: Path, module: str, source: str) -> Path:
    """Write a module of a made-up package; return the package."""
    path = folder / "bot" / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return folder / "bot"


def complaint(folder: str, target: str) -> str | None:
    """Why a module of `folder` may not import `target`, a full name; None when it may."""
    parts = target.split(".")[1:]
    other = parts[0] if parts else "__init__"
    if folder in NO_STORES and other == "stores":
        return f"{folder} reaches no store: a use case of service does, and records who looks"
    if folder in COMPOSITION or other in (folder, "__version__"):
        return None
    if other in LEAVES:
        return None
    if folder in LEAVES:
        return f"{folder} is a leaf and imports only leaves"
    if folder not in MAY_IMPORT:
        return f"{folder} is not in the table of tests/test_imports.py: decide where it belongs"
    allowed = MAY_IMPORT[folder]
    if other in allowed or any(f"{'.'.join(parts)}.".startswith(f"{name}.") for name in allowed):
        return None
    return f"{folder} may import only {', '.join(sorted(allowed)) or 'the leaves'}"


def folder_of(path: Path, root: Path) -> str:
    """`service` for `bot/service/sending/deliver.py`, `settings` for `bot/settings.py`."""
    return path.relative_to(root).parts[0].removesuffix(".py")


def complaints(root: Path) -> list[str]:
    """All forbidden imports below `root`, one line each."""
    return [
        f"{path.relative_to(root.parent)} imports {target}: {why}"
        for path in sorted(root.rglob("*.py"))
        for target in imports(path.read_text(), package_of(path, root))
        if (why := complaint(folder_of(path, root), target))
    ]


def gives(target: str, name: str) -> bool:
    """Whether an import of `target` makes `name` accessible: `target` is the name, something in it, or around it."""
    target = target.removesuffix(".*")
    return f"{name}.".startswith(f"{target}.") or f"{target}.".startswith(f"{name}.")


def parts_of_a_runtime() -> set[str]:
    """What a `Runtime` leads to: its stores, each of them, and its use cases."""
    return {"stores", "use_cases", "data_holders", *(field.name for field in fields(Stores))}


@cache
def ports_of_stores() -> set[str]:
    """The protocols of `service` that stores implement, by every full name under which they can be imported."""
    found = set()
    for path in (BOT / "service").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef) or node.name in NOT_OF_STORES:
                continue
            if any(ast.unparse(base).startswith("Protocol") for base in node.bases):
                package = package_of(path, BOT)
                found |= {f"{package}.{path.stem}.{node.name}", f"{package}.{node.name}"}
    return found


def keeps_off_stores(module: str, source: str) -> bool:
    """Whether a module belongs to `NO_STORES`, or to what passes something to `web`."""
    folder = module.split("/")[0]
    passes_on = any(target.startswith("bot.web") for target in imports(source, package_of(BOT / module, BOT)))
    return folder in NO_STORES or (folder == "app" and passes_on)


def ways_to_a_store(module: str, source: str) -> Iterator[str]:
    """What in a module that keeps off the stores takes hold of a store, or of what leads to all of them."""
    imported = set(imports(source, package_of(BOT / module, BOT)))
    holds = any(gives(target, name) for target in imported for name in RUNTIMES)
    forbidden = HAVE_STORES if module in HOLD_A_RUNTIME else HAVE_STORES | RUNTIMES
    for target in sorted(imported):
        if any(gives(target, name) for name in forbidden):
            yield f"imports {target}, which leads to the stores"
        if any(gives(target, name) for name in ports_of_stores()):
            yield f"imports {target}, the port of a store: let it call a use case of service"
    parts = parts_of_a_runtime() - ({"use_cases"} if module.startswith("app/") else set())
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute):
            continue
        of_itself = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        if node.attr == "runtime":
            yield "takes a Runtime"
        elif holds and node.attr in parts:
            yield f"uses .{node.attr} of a Runtime"
        elif node.attr.startswith("_") and not node.attr.startswith("__") and not of_itself:
            yield f"uses .{node.attr}, which is private"


def ways_around(root: Path) -> list[str]:
    """All of them below `root`, one line each."""
    return [
        f"{module} {what}"
        for path in sorted(root.rglob("*.py"))
        for module, source in ((path.relative_to(root).as_posix(), path.read_text()),)
        if keeps_off_stores(module, source)
        for what in ways_to_a_store(module, source)
    ]


def test_no_store_is_reached_from_commands_hosts_or_pages() -> None:
    """Else somebody could look at a person without a record of it."""
    assert {"persons", "ledger", "database", "requests", "reads", "shards", "client"} <= parts_of_a_runtime()
    assert {f"bot.service.ports.{name}" for name in ("Exports", "Persons", "Messages")} <= ports_of_stores()
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
        ("commands/person.py", "from ..app import runtime\nasync def f(settings):\n    runtime.open_runtime(settings)"),
        ("commands/person.py", "from ..app.use_cases import UseCases"),
        ("hosts/aiohttp_app.py", "from ..app.stores import Stores as Anything"),
        ("web/my_data.py", "from ..service.ports import Check, Exports"),
        ("web/my_data.py", "from ..service.ports import Exports as Files"),
        ("web/my_data.py", "from ..service import ports\ndef f(files: ports.Exports):\n    pass"),
        ("web/my_data.py", "from ..service.ports import *"),
        (
            "web/console/look.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ...service.ports import Ledger",
        ),
        ("commands/erasures.py", "from ..service.rights.erase import Erasures"),
        ("hosts/host.py", "def late():\n    from ..service.ports import Outbox"),
        (
            "app/routes.py",
            "from ..web import Downloads\nfrom .runtime import Runtime\n"
            "def f(runtime: Runtime):\n    return Downloads(runtime.stores.exports)",
        ),
        (
            "app/routes.py",
            "from ..web import Downloads\nfrom .runtime import Runtime\n"
            "def f(runtime: Runtime):\n    return Downloads(runtime.use_cases.data_holders)",
        ),
        ("app/pages.py", "from ..web.my_data import Downloads\nfrom ..stores.postgres.exports import Exports"),
        ("app/pages.py", "from ..web import Downloads\nfrom .stores import Stores"),
    ],
)
def test_a_planted_way_to_a_store_is_found(tmp_path: Path, module: str, source: str) -> None:
    assert ways_around(plant(tmp_path, module, source))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "web/my_data.py",
            "from ..service.ports import Check, PersonId, Webhooks\nfrom ..service.rights.links import Links",
        ),
        (
            "app/routes.py",
            "from ..web import Downloads\nfrom .runtime import Runtime\n"
            "def f(runtime: Runtime):\n    return Downloads(runtime.use_cases.links)",
        ),
        (
            "app/operators.py",
            "from .runtime import Runtime\ndef f(runtime: Runtime):\n    return runtime.stores.ledger",
        ),
    ],
)
def test_use_cases_and_values_are_no_way_to_a_store(tmp_path: Path, module: str, source: str) -> None:
    assert ways_around(plant(tmp_path, module, source)) == []


def test_every_import_is_allowed_by_the_table() -> None:
    assert complaints(BOT) == []


def test_the_import_table_lists_each_package_and_module_and_no_other() -> None:
    folders = {folder_of(path, BOT) for path in BOT.rglob("*.py")}
    listed = COMPOSITION | LEAVES | MAY_IMPORT.keys()
    assert folders - listed == set(), "not listed: decide where they belong"
    assert listed - folders == set(), "listed, but gone"


def test_every_module_named_by_the_import_rules_exists() -> None:
    named = {module.removesuffix(".py") for module in HOLD_A_RUNTIME}
    named |= {name.replace(".", "/") for names in MAY_IMPORT.values() for name in names}
    assert [
        name
        for name in sorted(named)
        if not (BOT / f"{name}.py").is_file() and not (BOT / name / "__init__.py").is_file()
    ] == []


def import_cycle(root: Path) -> list[str]:
    """Modules below `root` of which each imports the next, the first again at the end; empty if there are none.

    The package itself does not count: it imports what it offers when that is first used.
    """
    modules = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in root.rglob("*.py")
        if path.parent != root or path.stem != "__init__"
    }
    graph = {
        name: {
            module
            for target in imports(path.read_text(), package_of(path, root))
            if (module := within(target, modules))
        }
        for name, path in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def within(target: str, modules: Collection[str]) -> str:
    """The module that defines `target` or is it; empty if it is the package itself."""
    while target and target not in modules:
        target = target.rpartition(".")[0]
    return target


def test_no_modules_import_each_other_in_a_cycle() -> None:
    """Also not inside functions: such an import only hides that two modules need each other."""
    assert import_cycle(BOT) == []


@pytest.mark.parametrize(
    "sources",
    [
        {"one.py": "from .two import x", "two.py": "def late():\n    from . import one"},
        {
            "one.py": "from .folder import x",
            "folder/__init__.py": "from .two import x",
            "folder/two.py": "from ..one import y",
        },
        {"folder/__init__.py": "from .one import x", "folder/one.py": "from . import x"},
    ],
)
def test_a_planted_import_cycle_is_found(tmp_path: Path, sources: dict[str, str]) -> None:
    for name, source in sources.items():
        plant(tmp_path, name, source)
    assert import_cycle(tmp_path / "bot")


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
    outside = [
        path for folder in (BOT, BOT.parent / "tests") for path in folder.rglob("*.py") if ports not in path.parents
    ]
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
    assert len(complaints(plant(tmp_path, module, statement))) == 1


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
    assert complaints(plant(tmp_path, module, statement)) == []
