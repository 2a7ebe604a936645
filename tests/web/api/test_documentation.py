"""What is documented of the API is what it does: the OpenAPI document, the page, and the examples of docs/api.md."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import jsonschema
import pytest

from bot.app.operators import Operators
from bot.app.simulation import Simulation
from bot.channels.simulator.webhooks import Identity
from bot.service.ports import Scope
from bot.web.api.operations import OPERATIONS
from bot.web.api.problems import Problem
from tests.service.watching import quiet, record_of, subscribed

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def blocks(language: str) -> list[str]:
    """The code of docs/api.md in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


CALLS = [block for block in blocks("sh") if block.startswith("curl ")]

(PROGRAM,) = blocks("python")


async def run(*command: str, env: Mapping[str, str]) -> str:
    """Run a program in an environment of its own; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


@pytest.fixture
async def environment(simulation: Simulation, given: Operators) -> dict[str, str]:
    _, token = await given.tokens.create("crm", [Scope.READ, Scope.WITHDRAW, Scope.REQUESTS, Scope.OPT_IN, Scope.SEND])
    return {"URL": simulation.url, "TOKEN": token, "PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_examples_with_curl_do_what_the_page_says(
    simulation: Simulation, environment: dict[str, str]
) -> None:
    ana = simulation.person(Identity("+447911123456"))
    await subscribed(simulation, ana)
    purposes, search, withdrawal, *_ = CALLS
    assert "order_updates" in await run("sh", "-c", purposes, env=environment)
    found = json.loads(await run("sh", "-c", search, env=environment))
    (shown,) = blocks("json")
    assert found.keys() == json.loads(shown).keys()
    assert found["consents"][0].keys() == json.loads(shown)["consents"][0].keys()
    noted = json.loads(await run("sh", "-c", withdrawal, env=environment | {"PERSON": found["person"]}))
    assert noted["recorded"] == ["offers"]
    assert (await record_of(simulation, ana)).given == ("order_updates",)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_examples_that_ask_and_send_do_what_the_page_says(
    simulation: Simulation, environment: dict[str, str]
) -> None:
    ana, ben = (simulation.person(Identity(number)) for number in ("+447911123456", "+447911123457"))
    await subscribed(simulation, ana)
    *_, opt_in, message, history, check = CALLS
    assert json.loads(await run("sh", "-c", opt_in, env=environment))["purposes"] == ["order_updates"]
    queued = json.loads(await run("sh", "-c", message, env=environment))
    await quiet(simulation)
    assert ben.replies[-1].template
    assert ana.replies[-1].text.startswith("Your order is on its way.")
    told = json.loads(await run("sh", "-c", history, env=environment | {"MESSAGE": queued["id"]}))
    assert [step["status"] for step in told["history"]] == ["queued", "sent"]
    checked = json.loads(await run("sh", "-c", check, env=environment))
    assert [result["send"] for result in checked["results"]] == [True, False]


async def test_the_example_in_python_runs(simulation: Simulation, environment: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    program.write_text(PROGRAM, "utf-8")
    assert "never heard of" in await run(sys.executable, str(program), env=environment)
    ana = simulation.person(Identity("+447911123456"))
    await subscribed(simulation, ana)
    await ana.say("RESTRICT")
    await ana.say("YES")
    told = await run(sys.executable, str(program), env=environment)
    assert "'order_updates': 'in'" in told


def test_the_page_lists_every_problem_with_its_cure() -> None:
    table = PAGE.read_text("utf-8").partition("| type | status |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `/api/docs#")]
    assert rows == [
        f"| `{problem.type}` | {problem.told.status} | {problem.told.title} | {problem.told.cure} |"
        for problem in Problem
    ]


def test_the_page_lists_every_scope() -> None:
    for scope in Scope:
        assert f"| `{scope}` | {scope.allows} |" in PAGE.read_text("utf-8")


async def test_the_openapi_document_is_valid_and_has_every_operation(simulation: Simulation) -> None:
    async with aiohttp.request("GET", f"{simulation.url}/api/v1/openapi.json") as response:
        document = await response.json()
    declared = {(operation.route, operation.method.lower()): operation for operation in OPERATIONS}
    described = {
        (path, method): about for path, methods in document["paths"].items() for method, about in methods.items()
    }
    assert described.keys() == declared.keys()
    for where, about in described.items():
        statuses = {problem.told.status for problem in declared[where].all_problems} | set(declared[where].answers)
        assert about["responses"].keys() == {str(status) for status in statuses}
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    purpose = document["components"]["schemas"]["Ending"]["properties"]["purposes"]["anyOf"][0]["items"]
    assert purpose["enum"] == [one.id for one in simulation.business.purposes]


class Seen(HTMLParser):
    """What a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.targets += [told["href"] or ""] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag in ("script", "link", "img", "iframe") or "src" in told or "style" in told:
            self.loaded.append(tag)


async def test_the_readable_page_is_whole_and_loads_nothing(simulation: Simulation) -> None:
    async with aiohttp.request("GET", f"{simulation.url}/api/docs") as response:
        text = await response.text()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    seen = Seen()
    seen.feed(text)
    assert seen.loaded == []
    assert len(set(seen.ids)) == len(seen.ids)
    assert {target[1:] for target in seen.targets if target.startswith("#")} <= set(seen.ids)
    assert {operation.id for operation in OPERATIONS} | set(Problem) <= set(seen.ids)
    assert seen.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(seen.headings, seen.headings[1:], strict=False))
    assert 'lang="en"' in text


async def test_every_type_of_a_problem_leads_to_its_place_on_the_page(simulation: Simulation) -> None:
    for problem in Problem:
        path, _, id = problem.type.partition("#")
        async with aiohttp.request("GET", simulation.url + path) as response:
            assert f'id="{id}"' in await response.text()
