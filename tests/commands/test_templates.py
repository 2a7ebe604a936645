"""`templates`: what an operator types from the first template to the last approved one."""

import json

import pytest

from bot.channels.simulator.graph import GraphSimulator
from bot.channels.simulator.webhooks import ACCOUNT_ID
from tests.commands.shell import Run


@pytest.fixture
def typed(run: Run, graph: GraphSimulator) -> Run:
    """Type `templates …` beside a Graph API."""

    def typed(*arguments: str, **more: str | None) -> tuple[int, str]:
        settings = {
            "WHATSAPP_TOKEN": graph.token,
            "GRAPH_URL": graph.url,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT_ID,
        }
        return run("templates", *arguments, **settings | more)

    return typed


def test_from_zero_to_approved(typed: Run, graph: GraphSimulator) -> None:
    assert typed("status")[0] == 1
    code, told = typed("diff")
    assert (code, "90 to hand in, 0 as they should be" in told) == (1, True)
    assert typed("push", "--dry-run") == (0, told)
    assert list(graph.templates) == []
    code, told = typed("push")
    assert (code, "Handed in: 90. Deleted: 0." in told) == (0, True)
    code, told = typed("status")
    assert (code, "90 PENDING" in told) == (1, True)
    for template in graph.templates:
        template.status = "APPROVED"
    assert typed("pull", "--dry-run")[1].strip() == "90 APPROVED"
    assert typed("status")[0] == 1, "a dry run remembers nothing"
    assert typed("pull")[1].strip() == "90 APPROVED"
    assert typed("status") == (0, "90 APPROVED\n")
    assert typed("diff") == (0, "0 to hand in, 90 as they should be, 0 not ours.\n")


def test_scripts_read_the_same_as_json(typed: Run, graph: GraphSimulator) -> None:
    code, told = typed("diff", "--json")
    assert (code, len(json.loads(told)["missing"]), json.loads(told)["others"]) == (1, 90, 0)
    code, told = typed("push", "--json")
    assert (code, len(json.loads(told)["handed_in"]), json.loads(told)["ok"]) == (0, 90, True)
    shelved = next(iter(graph.templates))
    shelved.status, shelved.reason, shelved.quality = "REJECTED", "INVALID_FORMAT", "RED"
    code, told = typed("pull", "--json")
    (found,) = [line for line in json.loads(told)["templates"] if line["status"] == "REJECTED"]
    assert (code, found["reason"], found["quality"]) == (0, "INVALID_FORMAT", "RED")
    code, told = typed("status", "--json")
    assert (code, json.loads(told)["ok"]) == (1, False)


@pytest.mark.parametrize("command", ["diff", "push", "pull"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"WHATSAPP_BUSINESS_ACCOUNT_ID": None}, "WHATSAPP_BUSINESS_ACCOUNT_ID: not set; "),
        ({"WHATSAPP_TOKEN": None}, "WHATSAPP_TOKEN: not set; "),
        ({"WHATSAPP_TOKEN": "expired"}, "set a new WHATSAPP_TOKEN"),
        ({"WHATSAPP_BUSINESS_ACCOUNT_ID": "99999"}, "see WHATSAPP_BUSINESS_ACCOUNT_ID"),
        ({"GRAPH_URL": "http://127.0.0.1:9/v26.0"}, "see GRAPH_URL"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(typed: Run, command: str, wrong: dict[str, str | None], told: str) -> None:
    code, output = typed(command, **wrong)
    assert (code, told in output, "Traceback" in output) == (1, True, False)


def test_doctor_reports_templates_that_cannot_be_sent_and_terms_that_are_not_accepted(
    run: Run, graph: GraphSimulator
) -> None:
    settings = {
        "WHATSAPP_TOKEN": graph.token,
        "GRAPH_URL": graph.url,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT_ID,
        "WHATSAPP_MARKETING_MESSAGES": "true",
    }

    def found() -> dict[str, tuple[bool, str]]:
        _, output = run("doctor", "--json", **settings)
        checks = {check["name"]: check for check in json.loads(output)["checks"]}
        for name in ("approved templates", "marketing messages"):
            assert checks[name]["ok"] or not checks[name]["required"], "it keeps nobody from being answered"
        return {name: (check["ok"], check["detail"] + check["cure"]) for name, check in checks.items()}

    checks = found()
    assert checks["templates"][0]
    assert not checks["approved templates"][0]
    assert "90 are not approved" in checks["approved templates"][1]
    assert not checks["marketing messages"][0]
    assert "131063" in checks["marketing messages"][1]
    graph.marketing_messages, graph.templates.deciding = True, "APPROVED"
    assert run("templates", "push", **settings)[0] == 0
    checks = found()
    assert checks["approved templates"][0]
    assert checks["marketing messages"][0]
    settings["WHATSAPP_BUSINESS_ACCOUNT_ID"] = ""
    assert "set WHATSAPP_BUSINESS_ACCOUNT_ID" in found()["marketing messages"][1]
