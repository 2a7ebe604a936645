"""Writes into a transcript what happens now, in place of what was expected. Comments and everything else stay."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli

from ..conversation.flow import Flows
from ..conversation.world import World
from ..errors import FileError
from ..messages.reply import Reply
from .conversation import Conversation, choices_of
from .playing import played
from .transcript import EXPECTS, load_transcript

_TURN = "[[turn]]"


def update_transcript(path: str | Path, world: World, flows: Flows) -> bool:
    """Rewrite the expectations of a transcript, as they are in its first language; return whether that changed it."""
    path = Path(path)
    transcript, several = load_transcript(path)[0], len(load_transcript(path)) > 1
    before = path.read_text("utf-8")
    head, *turns = before.split(f"{_TURN}\n")
    if len(turns) != len(transcript.turns):
        raise FileError(f"{path}: can't be rewritten; write each {_TURN} alone on a line")
    written = [head]
    for text, turn, (_, chat, lines) in zip(turns, transcript.turns, played(transcript, world, flows), strict=True):
        if several:
            lines = [re.sub(f"{transcript.locale}$", "{locale}", line) for line in lines]
        written.append("".join(_rewritten(text, _expectations(turn, chat, lines))))
    after = f"{_TURN}\n".join(written)
    path.write_text(after, "utf-8")
    return after != before


def _expectations(turn: Mapping[str, Any], chat: Conversation, lines: Sequence[str]) -> Mapping[str, str]:
    """Return key → line of what a turn leads to; `status` only for the purposes that the turn asks about."""
    before = {answer["text_id"]: answer for answer in turn.get("bot", [])}
    replies = [_told(reply, before.get(reply.text_id, {})) for reply in chat.replies]
    found = {"bot": replies[0] if len(replies) == 1 else _list(replies)}
    if lines or "ledger" in turn:
        found["ledger"] = _list([_quoted(line) for line in lines])
    if "status" in turn:
        stands = ", ".join(f"{purpose} = {_quoted(chat.status(purpose))}" for purpose in turn["status"])
        found["status"] = f"{{ {stands} }}"
    if chat.tasks or "tasks" in turn:
        found["tasks"] = _list([_quoted(task.right) for task in chat.tasks])
    if chat.handed_over or "handed_over" in turn:
        found["handed_over"] = str(chat.handed_over).lower()
    return found


def _told(reply: Reply, before: Mapping[str, Any]) -> str:
    parts = [f"text_id = {_quoted(reply.text_id)}"]
    if "leads" in before:
        parts.append(f"leads = {_list([_quoted(lead) for lead in reply.leads])}")
    if choices := choices_of(reply):
        parts.append(f"choices = {_list([_quoted(choice) for choice in choices])}")
    if says := before.get("says"):
        parts.append(f"says = {_quoted(says)}")
    return f"{{ {', '.join(parts)} }}"


def _list(items: Sequence[str]) -> str:
    line = f"[{', '.join(items)}]"
    return line if len(line) < 100 else "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rewritten(text: str, expectations: Mapping[str, str]) -> Iterator[str]:
    """Yield a turn with its expectations replaced where the first of them stood, or at the end of its keys."""
    kept = list(_without_expectations(text.splitlines(keepends=True)))
    end = max((number for number, line in enumerate(kept, 1) if line.strip() and not line.startswith("#")), default=0)
    yield from kept[:end]
    yield from (f"{key} = {value}\n" for key, value in expectations.items())
    yield from kept[end:]


def _without_expectations(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a turn without its expectations, which may span several lines."""
    value: list[str] = []
    for line in lines:
        if value or line.partition("=")[0].strip() in EXPECTS:
            value.append(line)
            if _whole("".join(value)):
                value = []
        else:
            yield line


def _whole(text: str) -> bool:
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return False
    return True
