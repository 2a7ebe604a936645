"""Programs that files are imported into."""

from collections.abc import AsyncIterator

import pytest

from bot.settings import Settings
from tests.service.operators.files import CONFIRMED, Company, company


@pytest.fixture
async def shop(stores: Settings) -> AsyncIterator[Company]:
    """A company that has confirmed no evidence."""
    async with company(stores) as running:
        yield running


@pytest.fixture
async def confirming(stores: Settings) -> AsyncIterator[Company]:
    """A company that has confirmed the evidence of its export."""
    async with company(stores, CONFIRMED) as running:
        yield running
