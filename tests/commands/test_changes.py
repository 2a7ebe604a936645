"""What persons said outside of the chat is noted by commands, with who noted it, how and why."""

import asyncio
import getpass
import json

import pytest

from bot.stores.postgres.connect import connect
from tests.commands.shell import ANA, Run
from tests.commands.test_looks import request_of_ana as request_of_ana

SAID = ("--channel", "letter", "--reason", "her letter of today")


def consent(run: Run) -> dict[str, object]:
    """Where Ana's consent to order updates stands."""
    shown = json.loads(run("person", "show", ANA, "--json")[1])
    (found,) = [one for one in shown["consents"] if one["purpose"] == "order_updates"]
    return dict(found)


@pytest.mark.usefixtures("request_of_ana")
def test_a_withdrawal_by_letter_is_noted_and_proven(run: Run) -> None:
    assert (consent(run)["status"], consent(run)["source"], consent(run)["evidence"]) == ("given", "chat", 2)
    assert "Recorded for: order_updates.\n" in run("person", "withdraw", ANA, "--purpose", "order_updates", *SAID)[1]
    assert (consent(run)["status"], consent(run)["source"], consent(run)["evidence"]) == ("withdrawn", "letter", 3)
    told = run("ledger", "show", "3")[1]
    assert f"operator:{getpass.getuser()}" in told
    assert "her letter of today" in told
    code, output = run("person", "withdraw", ANA, "--purpose", "order_updates", *SAID)
    assert (code, "The ledger says so already.\n" in output) == (0, True)


@pytest.mark.usefixtures("request_of_ana")
def test_an_objection_by_letter_is_a_request(run: Run) -> None:
    code, output = run("person", "object", ANA, "--all", *SAID, "--json")
    noted = json.loads(output)
    assert (code, noted["recorded"]) == (0, ["order_updates", "offers"])
    assert json.loads(run("requests", "show", noted["request"], "--json")[1])["right"] == "objection"


@pytest.mark.usefixtures("request_of_ana")
def test_a_restriction_by_letter_is_set_and_lifted(run: Run) -> None:
    assert run("person", "restrict", ANA, *SAID)[0] == 0
    assert consent(run)["restricted"]
    assert run("person", "lift", ANA, *SAID)[0] == 0
    assert not consent(run)["restricted"]


@pytest.mark.usefixtures("request_of_ana")
@pytest.mark.parametrize("named", [(), ("--all", "--purpose", "offers")])
def test_it_must_be_clear_which_consents_are_meant(run: Run, named: tuple[str, ...]) -> None:
    code, output = run("person", "withdraw", ANA, *named, *SAID)
    assert (code, "--purpose or --all" in output) == (1, True)


@pytest.mark.usefixtures("request_of_ana")
def test_an_unknown_purpose_is_told_with_those_that_are_known(run: Run) -> None:
    code, output = run("person", "withdraw", ANA, "--purpose", "nonsense", *SAID)
    assert (code, "order_updates, offers" in output) == (1, True)
    assert consent(run)["status"] == "given"


@pytest.mark.usefixtures("request_of_ana")
def test_the_reason_of_a_look_is_recorded(run: Run, database_url: str) -> None:
    async def reasons() -> list[str]:
        database = await connect(database_url, connections=1)
        rows = await database.fetch("SELECT reason FROM reads")
        await database.close()
        return [row["reason"] for row in rows]

    run("person", "restrict", ANA, *SAID)
    assert asyncio.run(reasons()) == ["her letter of today"]


def test_tokens_are_made_listed_and_revoked(run: Run) -> None:
    made = json.loads(
        run("tokens", "create", "crm", "--scope", "read", "--scope", "send", "--expires", "90d", "--json")[1]
    )
    assert made.keys() == {"id", "token"}
    (token,) = json.loads(run("tokens", "list", "--json")[1])
    assert (token["id"], token["scopes"], token["last_used_at"]) == (made["id"], ["read", "send"], None)
    assert made["token"] not in run("tokens", "list", "--json")[1]
    assert run("tokens", "revoke", made["id"]) == (0, "Revoked: crm.\n")
    assert ", revoked 2" in run("tokens", "list")[1]


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("create", "Not A Name", "--scope", "read"), "small letters"),
        (("create", "crm", "--scope", "read", "--expires", "soon"), "90d"),
        (("create", "crm", "--scope", "read", "--expires", "0d"), "90d"),
        (("create", "crm", "--scope", "everything"), "read_addresses"),
        (("revoke", "nonsense"), "tokens list"),
        (("revoke", "00000000-0000-4000-8000-000000000000"), "tokens list"),
    ],
)
def test_a_mistyped_token_command_tells_its_cure(run: Run, arguments: tuple[str, ...], cure: str) -> None:
    code, output = run("tokens", *arguments)
    assert code != 0
    assert cure in output
