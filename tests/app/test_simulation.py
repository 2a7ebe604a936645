"""People who are made up for tests, chats and demos."""

from bot.app.simulation import somebody


def test_made_up_people_never_share_a_number() -> None:
    """Whoever gets another's number is treated as its new owner, and inherits the suppressions of the old one."""
    numbers = [somebody().phone for _ in range(2_000)]
    assert len(set(numbers)) == len(numbers)
