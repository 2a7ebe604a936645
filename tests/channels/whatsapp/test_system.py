"""Changes of address: whatever tells the address before, it is read; a name that looks like one tells nothing."""

from typing import Any

import pytest

from bot.channels.whatsapp.fields import Misshapen
from bot.channels.whatsapp.system import change_of_address
from bot.messages.inbound import Sender

OLD, NEW = "+4915112345671", "+4916112345672"
BY_PHONE = Sender(OLD, None)


def read(system: dict[str, Any], *contacts: Sender, **message: str) -> tuple[Sender, Sender] | None:
    return change_of_address({**message, "system": system}, system, contacts)


def user_id(**system: str) -> dict[str, Any]:
    return {"type": "user_changed_user_id", "user_id": "DE.2"} | system


def number(**system: str) -> dict[str, Any]:
    return {"type": "user_changed_number", "wa_id": NEW[1:], "user_id": "DE.2"} | system


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (read(user_id(previous_user_id="DE.1")), Sender(None, "DE.1"), Sender(None, "DE.2")),
        (read(user_id(), from_user_id="DE.1"), Sender(None, "DE.1"), Sender(None, "DE.2")),
        (read(user_id(body="User A changed from DE.1 to DE.2")), Sender(None, "DE.1"), Sender(None, "DE.2")),
        (read(user_id(body="Die Kennung ist jetzt DE.2 (bisher DE.1).")), Sender(None, "DE.1"), Sender(None, "DE.2")),
        (read(user_id(), **{"from": OLD[1:]}), BY_PHONE, Sender(OLD, "DE.2")),
        (read(user_id(), **{"from": OLD[1:], "from_user_id": "DE.2"}), BY_PHONE, Sender(OLD, "DE.2")),
        (
            read({"type": "user_changed_user_id", "body": "User A changed from DE.1 to DE.2"}),
            Sender(None, "DE.1"),
            Sender(None, "DE.2"),
        ),
        (
            read({"type": "user_changed_user_id", "previous_user_id": "DE.1"}, from_user_id="DE.2"),
            Sender(None, "DE.1"),
            Sender(None, "DE.2"),
        ),
        (
            read({"type": "user_changed_user_id", "previous_user_id": "DE.1"}, Sender(NEW, "DE.2")),
            Sender(None, "DE.1"),
            Sender(NEW, "DE.2"),
        ),
        (read(number(previous_user_id="DE.1"), **{"from": OLD[1:]}), Sender(OLD, "DE.1"), Sender(NEW, "DE.2")),
        (read(number(), **{"from": OLD[1:], "from_user_id": "DE.1"}), Sender(OLD, "DE.1"), Sender(NEW, "DE.2")),
        (read(number(), **{"from": OLD[1:]}), BY_PHONE, Sender(NEW, "DE.2")),
        (read(number(body=f"User A changed from {OLD[1:]} to {NEW[1:]}")), BY_PHONE, Sender(NEW, "DE.2")),
        (
            read({"type": "user_changed_number", "body": f"User A changed from {OLD} to {NEW}"}),
            BY_PHONE,
            Sender(NEW, None),
        ),
        (
            read(number(body="User A changed from DE.1 to DE.2"), **{"from": NEW[1:]}),
            Sender(None, "DE.1"),
            Sender(NEW, "DE.2"),
        ),
        (
            read({"type": "user_of_tomorrow", "user_id": "DE.2", "previous_user_id": "DE.1"}),
            Sender(None, "DE.1"),
            Sender(None, "DE.2"),
        ),
        # the sender is told under the new address, and the one before only in the sentence
        (
            read(
                {"type": "user_changed_number", "body": f"User A changed from {OLD[1:]} to {NEW[1:]}"},
                **{"from": NEW[1:], "from_user_id": "DE.2"},
            ),
            BY_PHONE,
            Sender(NEW, "DE.2"),
        ),
        (
            read(
                {"type": "user_changed_user_id", "body": "User A changed from DE.1 to DE.2"},
                **{"from": NEW[1:], "from_user_id": "DE.2"},
            ),
            Sender(None, "DE.1"),
            Sender(NEW, "DE.2"),
        ),
        (
            read(
                {"type": "user_changed_number", "body": "User A changed from DE.1 to DE.2"},
                **{"from": NEW[1:], "from_user_id": "DE.2"},
            ),
            Sender(None, "DE.1"),
            Sender(NEW, "DE.2"),
        ),
        # under other names
        (read(number(type="user_number_changed"), **{"from": OLD[1:]}), BY_PHONE, Sender(NEW, "DE.2")),
        (
            read({"type": "phone_number_updated", "wa_id": NEW[1:]}, **{"from": OLD[1:]}),
            BY_PHONE,
            Sender(NEW, None),
        ),
        (read({"wa_id": NEW[1:]}, **{"from": OLD[1:]}), BY_PHONE, Sender(NEW, None)),
        (
            read({"type": "user_changed_number", "previous_wa_id": OLD[1:]}, **{"from": NEW[1:]}),
            BY_PHONE,
            Sender(NEW, None),
        ),
        (
            read({"type": "user_of_tomorrow", "old_user_id": "DE.1", "new_user_id": "DE.2"}),
            Sender(None, "DE.1"),
            Sender(None, "DE.2"),
        ),
        (
            read({"type": "user_changed_user_id", "user_id": {"previous": "DE.1", "current": "DE.2"}}),
            Sender(None, "DE.1"),
            Sender(None, "DE.2"),
        ),
        # as people write numbers
        (
            read({"type": "user_changed_number", "body": "User A changed from +49 151 12345671 to +49 161 12345672"}),
            BY_PHONE,
            Sender(NEW, None),
        ),
        (read(number(wa_id="+49 161 12345672"), **{"from": OLD}), BY_PHONE, Sender(NEW, "DE.2")),
        # the new id beside the new number
        (
            read({"type": "customer_changed_number", "new_wa_id": NEW[1:]}, Sender(NEW, "DE.2"), **{"from": OLD[1:]}),
            BY_PHONE,
            Sender(NEW, "DE.2"),
        ),
    ],
)
def test_the_previous_address_is_read_wherever_it_is_given(
    change: tuple[Sender, Sender], before: Sender, after: Sender
) -> None:
    assert change == (before, after)


def test_another_spelling_of_the_new_number_is_not_the_previous_address() -> None:
    told = {"type": "user_changed_number", "wa_id": "5531987654321", "user_id": "BR.2", "previous_user_id": "BR.1"}
    assert read(told, **{"from": "553187654321"}) == (Sender(None, "BR.1"), Sender("+5531987654321", "BR.2"))


@pytest.mark.parametrize(
    "name", ["DE.9", "DE.9 changed from DE.8 to DE.7", "from DE.9 to DE.2", "4915199999999", "DE.1 DE.9"]
)
def test_a_name_that_looks_like_an_address_is_not_taken_as_one(name: str) -> None:
    """Whoever takes somebody's address for a name must not become them."""
    told = user_id(body=f"User {name} changed from DE.1 to DE.2")
    assert read(told) == (Sender(None, "DE.1"), Sender(None, "DE.2"))
    with pytest.raises(Misshapen):
        read(user_id(body=f"User {name.replace('DE.2', 'DE.3')} changed"))


def test_an_unknown_kind_of_change_is_not_guessed_from_its_sentence() -> None:
    assert (
        read({"type": "user_of_tomorrow", "user_id": "DE.2", "body": "from DE.1 to DE.2"}, from_user_id="DE.1") is None
    )


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ({"type": "user_changed_name", "user_id": "DE.2"}, {"from": OLD[1:]}),
        ({"type": "group_member_added", "wa_id": NEW[1:]}, {"from": OLD[1:]}),
        ({"type": "user_changed_owner", "wa_id": NEW[1:]}, {"from": OLD[1:]}),
        ({"type": "user_joined", "wa_id": OLD[1:]}, {"from": OLD[1:]}),
    ],
)
def test_an_address_beside_the_sender_in_other_events_is_not_a_change(
    system: dict[str, Any], message: dict[str, str]
) -> None:
    assert read(system, **message) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("553187654321", "5531987654321"), ("5215512345678", "525512345678"), ("541123456789", "5491123456789")],
)
@pytest.mark.parametrize("kind", ["user_changed_number", "customer_changed_number", "user_number_changed"])
def test_a_respelled_number_is_not_a_change_of_address(kind: str, before: str, after: str) -> None:
    assert read({"type": kind, "wa_id": after}, **{"from": before}) is None
    assert read({"type": kind, "body": f"User A changed from {before} to {after}"}, **{"from": before}) is None


def test_a_respelled_number_with_the_same_id_is_not_a_change_of_address() -> None:
    told = {"type": "user_changed_number", "wa_id": "5531987654321", "user_id": "BR.1", "previous_user_id": "BR.1"}
    assert read(told, **{"from": "553187654321"}) is None
    assert read(user_id(previous_user_id="DE.2")) is None


def test_two_addresses_in_a_name_are_rejected() -> None:
    with pytest.raises(Misshapen):
        read({"type": "user_changed_number", "body": f"User {OLD} {NEW} changed"}, **{"from": NEW[1:]})


def test_the_id_of_a_parent_portfolio_is_not_an_address() -> None:
    with pytest.raises(Misshapen):
        read(user_id(body="User A changed from DE.ENT.1 to DE.2"))
