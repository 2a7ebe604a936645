from bot.conversation.compose import Composition, Option
from bot.i18n.texts import Slot, TextKind, Texts

EN = {
    "common.footer": "Reply STOP",
    "common.list": "Choose",
    "ask.ask": "What?",
    "ask.short": "This",
    "ask.long": "This one, or rather that",
    "ask.more": "It is explained here.",
}
FR = {"common.footer": "Répondez STOP", "common.list": "Choisir", "ask.ask": "Quoi ?", "ask.short": "Ceci"}


def texts() -> Texts:
    slots = [Slot(text_id, TextKind.PHRASE, english) for text_id, english in EN.items()]
    return Texts(slots, {"fr": {text_id: (EN[text_id], text) for text_id, text in FR.items()}})


def said(*options: Option) -> Composition:
    return Composition("ask.ask", options)


def test_few_short_choices_are_buttons() -> None:
    reply = said(Option("a", "ask.short"), Option("b", title="Deutsch")).reply(texts(), "en", {})
    assert [(button.id, button.title) for button in reply.buttons] == [("a", "This"), ("b", "Deutsch")]
    assert (reply.rows, reply.list_button, reply.footer) == ((), "", "Reply STOP")


def test_a_button_that_ends_everything_needs_no_footer() -> None:
    for id in ("stop", "stop:0123456789ab"):
        assert said(Option(id, "ask.short"), Option("keep", "ask.short")).reply(texts(), "en", {}).footer == ""


def test_many_long_or_explained_choices_are_a_list() -> None:
    short = Option("a", "ask.short")
    for options in ([short] * 4, [Option("a", "ask.long")], [Option("a", "ask.short", description_id="ask.more")]):
        reply = said(*options).reply(texts(), "en", {})
        assert len(reply.rows) == len(options)
        assert (reply.buttons, reply.list_button) == ((), "Choose")


def test_a_reply_without_choices_is_plain_text() -> None:
    reply = said().reply(texts(), "en", {})
    assert (reply.buttons, reply.rows, reply.list_button) == ((), (), "")


def test_a_list_holds_at_most_ten_rows() -> None:
    assert (
        len(said(*[Option(str(number), title=str(number)) for number in range(12)]).reply(texts(), "en", {}).rows) == 10
    )


def test_a_message_missing_one_translation_is_wholly_in_the_next_language() -> None:
    assert said(Option("a", "ask.short")).language(texts(), "fr") == "fr"
    assert said(Option("a", "ask.long")).language(texts(), "fr") == "en"
    assert said(Option("a", "ask.short", description_id="ask.more")).language(texts(), "fr") == "en"
