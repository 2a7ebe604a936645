"""Adds to persons' ledgers outside of a conversation, so that gate and dialogue see it at once.

The gate compares the ledger's sequence before each send. The dialogue trusts the session in Redis, so that is forgotten
after the append: the next message rebuilds it from the ledger. A worker that has just read it cannot store it any more,
because its commit compares it; one that found none stores one that does not know of the append, and loses at its own
next append.
"""

from collections.abc import Sequence

from ...keys import Keyring
from ..ports import Append, Ledger, PersonId, Persons, Sessions
from ..shards import of_shard


class Recording:
    """Appends entries and forgets the sessions that do not know of them."""

    def __init__(self, *, persons: Persons, ledger: Ledger, sessions: Sequence[Sessions], keys: Keyring) -> None:
        """`sessions`: those of each shard, in their order."""
        self._persons = persons
        self._ledger = ledger
        self._sessions = sessions
        self._keys = keys

    async def append(self, appends: Sequence[Append]) -> set[PersonId]:
        """Append as `Ledger.append` does; return the persons for whom it was done. Raises `Unavailable`."""
        if not appends:
            return set()
        done = await self._ledger.append(appends)
        await self.forget_sessions([append.person for append in appends if append.person in done and append.after])
        return done

    async def forget_sessions(self, persons: Sequence[PersonId]) -> None:
        """Forget where these persons are in a dialogue; the ledger rebuilds what matters. Raises `Unavailable`."""
        if not persons:
            return
        tokens = {token for of_person in (await self._persons.tokens(persons)).values() for token in of_person}
        for person in (await self._persons.load(persons)).values():
            tokens |= {self._keys.address(address) for address in person.sender.addresses}
        for token in tokens:
            await of_shard(token, self._sessions).forget(token)
