"""Connections to the engines, for the tests of stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.keys import Keyring
from bot.stores.postgres.connect import Database
from bot.stores.postgres.connect import connect as connect_postgres
from bot.stores.redis.connect import Client
from bot.stores.redis.connect import connect as connect_redis
from bot.stores.redis.keys import ShardKeys
from tests.stores.certificates import Certificate, self_signed_certificate


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    """A client of an empty Valkey."""
    client = connect_redis(redis_url, connections=10)
    yield client
    await client.close()


@pytest.fixture
async def other_client(redis_url: str) -> AsyncIterator[Client]:
    """Another process's client of the same Valkey."""
    client = connect_redis(redis_url, connections=10)
    yield client
    await client.close()


@pytest.fixture
def shard() -> ShardKeys:
    """The first shard."""
    return ShardKeys(0)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all tables and no rows."""
    database = await connect_postgres(database_url, connections=6)
    yield database
    await database.close()


@pytest.fixture
def keys() -> Keyring:
    """The keys of an installation."""
    return Keyring(["a secret of this test, thirty-two characters"])


@pytest.fixture
def self_signed(tmp_path: Path) -> Certificate:
    """A certificate of localhost that nobody vouches for."""
    return self_signed_certificate(tmp_path, "localhost")
