"""An independent tool reads the OpenAPI document and sends the running server whatever that allows, and forbids."""

import asyncio
import sys
from pathlib import Path

import pytest

from bot.app.operators import Operators
from bot.app.simulation import Simulation, somebody
from bot.messages.inbound import Sender
from bot.service.ports import Scope

CONFIGURATION = """
[parameters]
"path.ref" = "{known}"

[[operations]]
include-operation-id = "erase"
parameters = {{ "path.ref" = "{erased}" }}

[[operations]]
include-operation-id = "listRequests"
# no schema can say which cursors we have given out
checks.positive_data_acceptance.expected-statuses = [200, 400]

[[operations]]
include-operation-id = "listEvents"
checks.positive_data_acceptance.expected-statuses = [200, 400]

[[operations]]
include-operation-id = "startOptIn"
# the gate's answer about people who are made up, and addresses that no country has
checks.positive_data_acceptance.expected-statuses = [202, 400, 409, 422]

[[operations]]
include-operation-id = "sendMessage"
# and what may be put together, as the operation describes in words
checks.positive_data_acceptance.expected-statuses = [202, 400, 409, 422]

[[operations]]
include-operation-id = "checkMessages"
checks.positive_data_acceptance.expected-statuses = [200, 400]

[[operations]]
include-operation-id = "addWebhook"
# only public addresses are told of events
checks.positive_data_acceptance.expected-statuses = [201, 400]

[[operations]]
include-operation-id = "importRows"
# and formats that there are
checks.positive_data_acceptance.expected-statuses = [200, 400]
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_schemathesis_finds_no_fault(simulation: Simulation, given: Operators, tmp_path: Path) -> None:
    people = [somebody("en") for _ in range(2)]
    known, erased = await simulation.runtime.stores.persons.create([Sender(who.phone, who.bsuid) for who in people])
    _, secret = await given.tokens.create("fuzz", list(Scope), per_minute=1_000_000)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(known=known, erased=erased))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"]
    options = ["--header", f"Authorization: Bearer {secret}", "--checks", "all", "--max-examples", "10"]
    options += ["--seed", "1", "--generation-deterministic", "--no-color"]
    options += ["--warnings", "off"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *options,
        f"{simulation.url}/api/v1/openapi.json",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
