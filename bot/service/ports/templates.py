"""Message templates at a channel: what it has, what it says of them, and the table that remembers it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from ...errors import OperatorError
from ...messages.template import MessageTemplate


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateState:
    """A template as the channel has it."""

    name: str
    language: str
    """The channel's code."""
    id: str = ""
    """The channel's id of it."""
    status: str
    """In capitals, e.g. `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`. Meta: webhooks/message_template_status_update."""
    reason: str = ""
    """Why it was rejected or paused; a word of the channel."""
    category: str = ""
    """`marketing` or `utility`: the channel's decision, which may not be what we asked for."""
    quality: str = ""
    """`GREEN`, `YELLOW`, `RED` or `UNKNOWN`."""
    altered: bool = False
    """Whether somebody changed its content at the channel, so that it no longer shows what its name says."""

    @property
    def approved(self) -> bool:
        """Whether it may be sent."""
        return self.status == "APPROVED" and not self.altered


class TemplateNews(msgspec.Struct, frozen=True, gc=False):
    """What a webhook says about a template; what is None stays as it was."""

    name: str
    language: str
    at: int
    """When the channel said so, unix seconds: older news never undoes newer."""
    status: str | None = None
    reason: str = ""
    """Belongs to the status."""
    category: str | None = None
    quality: str | None = None
    altered: bool = False
    """Whether its content was changed at the channel."""


class TemplateStates(Protocol):
    """What is known of templates at the channel. Every method raises `Unavailable`."""

    async def all(self) -> Sequence[TemplateState]:
        """Return all of them."""

    async def note(self, news: Sequence[TemplateNews]) -> None:
        """Note what webhooks say. May be repeated, in any order."""

    async def adopt(self, states: Sequence[TemplateState], at: float, *, all_there_are: bool) -> None:
        """Note what the channel has at `at` (unix seconds); if these are `all_there_are`, forget all others."""


class TooManyTemplates(OperatorError):
    """The channel takes no more templates for now: what is left can be handed in later."""


class TemplateApi(Protocol):
    """The templates of a business account at the channel. Every method raises `OperatorError`."""

    def list(self, known: Sequence[MessageTemplate]) -> AsyncIterator[TemplateState]:
        """Yield every template; those that are `known` here are compared with what they should show."""

    async def create(self, template: MessageTemplate) -> TemplateState:
        """Hand a template in for approval. Raises `TooManyTemplates`."""

    async def delete(self, state: TemplateState) -> None:
        """Delete a template."""

    async def close(self) -> None:
        """Release connections."""
