"""Tapped buttons and rows: ours say themselves what they mean; those of other messages count by their labels."""

from collections.abc import Collection

from ..consent.evidence import Seen
from ..messages import host_ids
from ..words.intents import BY_PAYLOAD, Intent, Match
from ..words.keywords import COMMANDS, TALK
from . import language
from .answers import answered, answered_doubt, answered_question
from .fallback import unclaimed
from .navigation import DialogueTurn
from .questions import ask
from .triggers import Trigger
from .withdrawals import WITHDRAWALS

_COMMANDS = COMMANDS - frozenset(TALK)
"""What somebody else's label may mean: small talk under it answers them."""


def tapped(turn: DialogueTurn, choice: str) -> None:
    """Do what the button or row with the id `choice` says."""
    if host_ids.is_hosts(choice):
        return _read_label(turn, "", WITHDRAWALS)
    name, _, turn.argument = choice.partition(":")
    turn.rule = "button"
    language.settle(turn, None)
    match name:
        case Trigger.YES | Trigger.NO if turn.argument:
            answered_question(turn, name, Seen.BUTTON)
        case Trigger.KEEP if turn.argument:
            answered_doubt(turn)
        case Trigger.YES | Trigger.NO | Trigger.KEEP:
            _read_label(turn, choice, _COMMANDS)  # our own buttons name their question
        case "locale" if turn.argument in turn.world.texts.offered:
            language.choose(turn, turn.argument)
        case "ask" if turn.world.business.purpose(turn.argument):
            ask(turn, turn.argument)
        case "withdraw" if turn.world.business.purpose(turn.argument):
            turn.open(Intent.MY_CHOICES, Trigger.WITHDRAW_ONE)
        case Trigger.LIFT:
            turn.open(Intent.RESTRICT, name)
        case _ if name in turn.flows.by_intent:
            turn.open(name)
        case _ if turn.offers(name):
            answered(turn, name)
        case _:
            _read_label(turn, choice, _COMMANDS)


def _read_label(turn: DialogueTurn, choice: str, heard: Collection[Intent]) -> None:
    """Read the button of somebody else's message: its label may be one of our words, but answers no question.

    If the label means nothing, a `choice` such as OPT_OUT does.
    """
    match = language.meaning(turn)
    language.settle(turn, match)
    if match is None and turn.world.keywords.names_stop(choice):
        match = Match(Intent.STOP, BY_PAYLOAD, frozenset())
    if match is None or match.intent not in heard:
        return unclaimed(turn)
    turn.rule = match.rule
    return turn.open(match.intent)
