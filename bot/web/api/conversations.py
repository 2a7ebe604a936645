"""Operations for the company's staff who answer in the chat: what persons wrote to them, and ending conversations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from ...service.operators.conversations import WholeConversation
from ...service.ports import Conversation, EndedBy, Scope
from .models import Limit, moment, moment_if_any
from .operation import Answer, AnyOperation, Api, Call, Nothing, Operation, Query, Shown
from .problems import Problem


class ListingQuery(Query):
    """Which conversations, and from where on."""

    state: Literal["open", "ended"] = "open"
    cursor: UUID | None = Field(default=None, description="`next` of the answer before")
    limit: Limit = 100


class ConversationShown(Shown):
    """A conversation with your staff."""

    id: str
    person: str
    began: datetime
    last: datetime = Field(description="when the person last wrote")
    ended: datetime | None
    ended_by: EndedBy = Field(description="`staff`, `silence`, `settings`, or empty while it goes on")


class ConversationsShown(Shown):
    """Conversations by their begin."""

    conversations: list[ConversationShown]
    next: str | None = Field(description="for `cursor`; null after the last page")


class WrittenShown(Shown):
    """What the person wrote."""

    id: str = Field(description="for `answer_to` of `POST /api/v1/messages`")
    at: datetime
    kind: str = Field(description="`text`, `choice`, `image`, `voice`, `location` …", examples=["text"])
    text: str = Field(description="what was typed or tapped, or the caption; empty if there is nothing to read")


class WholeConversationShown(ConversationShown):
    """A conversation with all that the person wrote in it."""

    messages: list[WrittenShown]


async def _list(api: Api, call: Call[ListingQuery]) -> Answer:
    sent = call.sent
    after = str(sent.cursor) if sent.cursor else ""
    found = await api.conversations.page(after, sent.limit + 1, ended=sent.state == "ended")
    page, more = found[: sent.limit], len(found) > sent.limit
    shown = [_shown(conversation) for conversation in page]
    return Answer(ConversationsShown(conversations=shown, next=page[-1].id if more else None))


async def _get(api: Api, call: Call[Nothing]) -> Answer:
    return _whole(await api.conversations.show(_id(call), call.look))


async def _end(api: Api, call: Call[Nothing]) -> Answer:
    return Answer(_shown(await api.conversations.end(_id(call), call.look)))


def _id(call: Call[Nothing]) -> str:
    return call.path["id"]


def _shown(conversation: Conversation) -> ConversationShown:
    return ConversationShown(
        id=conversation.id,
        person=conversation.person,
        began=moment(conversation.began),
        last=moment(conversation.last),
        ended=moment_if_any(conversation.ended),
        ended_by=conversation.ended_by,
    )


def _whole(whole: WholeConversation) -> Answer:
    messages = [WrittenShown(id=one.id, at=moment(one.at), kind=one.kind, text=one.text) for one in whole.written]
    return Answer(WholeConversationShown(**_shown(whole.conversation).model_dump(), messages=messages))


_TAG = "Conversations"

OPERATIONS: Sequence[AnyOperation] = [
    Operation(
        id="listConversations",
        method="GET",
        path="/conversations",
        scope=Scope.CONVERSATIONS,
        tag=_TAG,
        summary="List conversations with your staff",
        description="Without what was written: only `GET /api/v1/conversations/{id}` shows that, on record.",
        sent=ListingQuery,
        answers={200: ConversationsShown},
        handle=_list,
    ),
    Operation(
        id="getConversation",
        method="GET",
        path="/conversations/{id}",
        scope=Scope.CONVERSATIONS,
        tag=_TAG,
        summary="Show what a person wrote to your staff",
        description=(
            "The look is recorded with its reason. Answer with `POST /api/v1/messages` and the message's id as "
            "`answer_to`, within 24 hours after the person last wrote."
        ),
        sent=Nothing,
        answers={200: WholeConversationShown},
        problems=(Problem.CONVERSATION_UNKNOWN, Problem.PERSON_UNKNOWN),
        handle=_get,
        about_person=True,
    ),
    Operation(
        id="endConversation",
        method="POST",
        path="/conversations/{id}/end",
        scope=Scope.CONVERSATIONS,
        tag=_TAG,
        summary="End a conversation",
        description="What the person writes then goes to the dialogues, or to your bot, again.",
        sent=Nothing,
        answers={200: ConversationShown},
        problems=(Problem.CONVERSATION_UNKNOWN, Problem.PERSON_UNKNOWN),
        handle=_end,
        about_person=True,
    ),
]
