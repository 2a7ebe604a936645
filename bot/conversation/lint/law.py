"""What the law requires of a dialogue: of the question, the way out, and STOP."""

from collections.abc import Iterator

from ...i18n.texts import Slot, TextKind
from ...words.intents import Intent
from ..compose import FOOTER
from ..flow_file import FlowFile, StateTable
from .problem import Dialogues, Problem, at, at_state, at_state_named, at_transition

_SHOWN_BEFORE_THE_ANSWER = {
    "business": "the person must know who asks (GDPR Art. 13(1)(a))",
    "purpose": "consent is for one purpose (GDPR Art. 6(1)(a))",
    "notice_url": "the privacy notice comes before the answer (GDPR Art. 13)",
}
"""The footer adds how to withdraw, which must be said before the answer as well (GDPR Art. 7(3)): see `way_out`."""


def question(file: FlowFile, dialogues: Dialogues) -> Iterator[Problem]:
    """A state that asks for consent offers yes and no, expires, and says what must be known before the answer."""
    asking = file.entered_with("record_requested")
    for state in file.table.states:
        if state.name in asking:
            where = at_state(file, state)
            if not {"yes", "no"} <= set(state.choices):
                yield Problem(where, "asks for consent without offering yes and no", 'add choices = ["yes", "no"]')
            if not state.expires:
                yield Problem(where, "asks for consent and waits for ever", 'add expires = "lapse"')
            if not state.say:
                yield Problem(where, "records a question that it does not ask", "add say = …")
            yield from _wording(where, dialogues.text(file, state.say))
            yield from _wording(where, dialogues.text(file, state.unclear))


def _wording(where: str, text: Slot | None) -> Iterator[Problem]:
    if text is None:
        return
    if not text.legal:
        what = f"text {text.id!r} asks for consent and is not marked legal"
        yield Problem(where, what, "add legal = true: a language without it is not offered")
    for name, reason in _SHOWN_BEFORE_THE_ANSWER.items():
        if f"{{{name}}}" not in text.english:
            what = f"text {text.id!r} asks for consent without {{{name}}}"
            yield Problem(where, what, f"add it: {reason}")


def evidence(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """A question is recorded once it is said, an answer only if it answers that; nobody is erased without the code."""
    for transition in file.table.transitions:
        where = at_transition(file, transition)
        if "record_requested" in transition.before:
            yield Problem(where, "records a question before it is said", "move record_requested to after")
        for effect in ("record_given", "record_refused"):
            if effect in transition.effects and "answers_the_pending_request" not in transition.conditions:
                cure = 'add conditions = ["answers_the_pending_request"]'
                yield Problem(where, f"has {effect} for a message that may answer nothing", cure)

        if "ask_erasure" in transition.effects and "types_the_code" not in transition.conditions:
            yield Problem(where, "erases a person by mistake", 'add conditions = ["types_the_code"]')


def stop(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """STOP withdraws on every path before anything is said; a doubtful STOP pauses (GDPR Art. 7(3))."""
    for transition in file.table.transitions:
        if transition.source != file.table.initial or transition.trigger != "start":
            continue
        if Intent.STOP in file.table.intents and "record_withdrawn" not in transition.before:
            what = "answers STOP without withdrawing"
            yield Problem(at_transition(file, transition), what, 'add before = ["record_withdrawn"]')
        if Intent.OBJECT in file.table.intents and "record_objected" not in transition.before:
            what = "answers an objection without heeding it (GDPR Art. 21(3))"
            yield Problem(at_transition(file, transition), what, 'add before = ["record_objected"]')
        doubtful = Intent.MAYBE_STOP in file.table.intents and "already_stopped" not in transition.conditions
        if doubtful and "record_paused" not in transition.before:
            what = "asks whether to stop, and sends on meanwhile"
            yield Problem(at_transition(file, transition), what, 'add before = ["record_paused"]')


def doubt(file: FlowFile, _: Dialogues) -> Iterator[Problem]:
    """The state that asks whether to stop takes both answers."""
    waiting = file.entered_with("record_paused")
    for state in file.table.states:
        if state.name in waiting:
            yield from _both_answers(file, state)


def _both_answers(file: FlowFile, state: StateTable) -> Iterator[Problem]:
    for trigger, effect in (("yes", "record_withdrawn"), ("no", "record_kept"), ("keep", "record_kept")):
        found = [
            transition
            for transition in file.table.transitions
            if (transition.source, transition.trigger) == (state.name, trigger)
        ]
        if not found or any(effect not in transition.before for transition in found):
            cure = f"add a transition by {trigger!r} from it with before = [{effect!r}]"
            yield Problem(at_state(file, state), f"asks whether to stop and does not heed {trigger!r}", cure)


def only_one(dialogues: Dialogues) -> Iterator[Problem]:
    """Exactly one state asks for consent and one whether to stop: a person whose session is lost is put back there."""
    for effect, what in (("record_requested", "asks for consent"), ("record_paused", "asks whether to stop")):
        states = [at_state_named(file, name) for file in dialogues.files for name in sorted(file.entered_with(effect))]
        if not states:
            yield Problem(dialogues.folder, f"no state {what}", f"restore the flow with {effect} from version control")
        for state in states[1:]:
            yield Problem(state, f"{what}, and so does {states[0]}", "leave it to one state")


def way_out(dialogues: Dialogues) -> Iterator[Problem]:
    """The footer under every question, and under what is sent with a consent, says how to stop (GDPR Art. 7(3))."""
    footer = dialogues.texts.get(FOOTER)
    if footer is not None and (
        footer.kind is not TextKind.FOOTER or not footer.legal or "{stop_word}" not in footer.english
    ):
        what = f"text {FOOTER!r} is not the way out"
        cure = 'let it have kind = "footer", legal = true and {stop_word}: it stands under every question'
        file = next(file for file in dialogues.files if file.source == footer.source)
        yield Problem(at(file, "texts.footer"), what, cure)
