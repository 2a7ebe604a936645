"""Counts the calls of API tokens in windows of time, for all processes together."""

from .connect import Client
from .keys import CALLS
from .scripts import COUNT


class Windows:
    """One count for each token. Implements `ports.Windows`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def count(self, token_id: str, seconds: int) -> tuple[int, int]:
        """Count a call; return the calls in the present window, and in how many milliseconds it ends."""
        calls, milliseconds = await COUNT.run(self._client, [CALLS % token_id], [seconds])
        return calls, milliseconds
