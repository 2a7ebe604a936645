"""Checks the purposes that operators and their programs name."""

from collections.abc import Iterable

from ...business import Business
from ...errors import OperatorError


def check_purposes(named: Iterable[str], business: Business) -> None:
    """Raise `OperatorError` unless there are all these purposes. It repeats none of them: it may be anything."""
    known = [purpose.id for purpose in business.purposes]
    if not set(named) <= set(known):
        raise OperatorError(f"there is no such purpose; name one of: {', '.join(known)}")
