"""The parts that sentences are made of, by role, as keyword files list them: of refusals, and of calls for a person."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictStr

Word = Annotated[StrictStr, Field(min_length=1, max_length=80)]
Words = tuple[Word, ...]


class Table(BaseModel):
    """A table of a keyword file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RefusalWords(Table):
    """The parts that refusals are made of, by role; a word that ends with * counts with any ending.

    `bot.words.refusals` says what follows from the roles that meet in a statement.
    """

    negation: Words = ()
    """Forbid or deny: "don't", "no more". Before a word of withdrawal they also reverse it."""
    stop: Words = ()
    """Verbs and calls that end something: "stop" (sending)."""
    contact: Words = ()
    """What we do when we write: "text", "send", "message"."""
    receive: Words = ()
    """What the person does: "receive", "get"."""
    messages: Words = ()
    """What we send: "messages", "ads", "newsletter"."""
    offers: Words = ()
    """Those of our messages that are marketing: "offers", "newsletter". Only these end then, and orders go on."""
    want: Words = ()
    """Wishes: "want", "would like"."""
    more: Words = ()
    """What makes a negation final: "any more", "again", "ever"."""
    me: Words = ()
    """The recipient of our messages: "me", "us"."""
    lists: Words = ()
    """What the person is on: "my number", "your list"."""
    remove: Words = ()
    """Verbs of removal from such a list: "remove", "delete"."""
    unsubscribe: Words = ()
    """Verbs and nouns that mean nothing but withdrawal: "unsubscrib*", "opt out"."""
    withdraw: Words = ()
    """Verbs of taking back an agreement: "withdraw", "revoke"."""
    consent: Words = ()
    """What is taken back: "consent", "permission"; also "agree" ("I no longer agree")."""
    past: Words = ()
    """Negations about what did not happen: "did not", "haven't". They forbid nothing."""
    forbid: Words = ()
    """Negation and contact in one word: "nepište", "yazmayın"."""
    unwanted: Words = ()
    """Negation and wish in one word: "nechci", "istemiyorum"."""
    others: Words = ()
    """Things that are stopped or cancelled but are not messages: "order", "appointment"."""
    doubt: Words = ()
    """What makes a statement a question, a condition or a story: "why did", "if", "by mistake"."""
    only: Words = ()
    """The same, and with messages about `others` nothing more is wanted: "only", "nothing but"."""
    keep: Words = ()
    """Phrases anywhere in a message that say its writer wants to go on: "keep sending", "still want"."""
    that: Words = ()
    """Open a clause that belongs to the words before its comma: German "dass", Polish "żebyście"."""
    contrast: Words = ()
    """Words that open another statement: "but"."""
    filler: Words = ()
    """Small words that change nothing: "you", "to", "from", "these". Those in `polite` are not needed here."""
    prefixes: Words = ()
    """Letters that are written together with the word after them, such as "and" and "the" in Arabic and Hebrew."""


class PersonWords(Table):
    """The parts that calls for a person, and questions for a robot, are made of; a star stands for any ending.

    `bot.words.person_wanted` says what follows from the roles that meet in a statement.
    """

    who: Words = ()
    """The company's people: "human", "agent", "customer service"."""
    someone: Words = ()
    """Anybody: "someone", "person". Alone they want nothing."""
    reach: Words = ()
    """Verbs of speaking and connecting, as in a wish or an order, not in a story: "speak", "connect me"."""
    call: Words = ()
    """Wishes for a call: "call me"."""
    want: Words = ()
    """Other wishes: "want", "need", "get me"."""
    robot: Words = ()
    """Machines: "bot", "AI"."""
    being: Words = ()
    """Open a question whom one talks with: "are you", "is this", "am i talking to"."""
    small: Words = ()
    """Little words that change nothing: "to", "a", "please". Those in `polite` are not needed here."""
    deny: Words = ()
    """Reverse a wish: "don't", "no need"."""
    story: Words = ()
    """What makes a statement a story about somebody: "who", "my", "said", "will"."""


class QuestionWords(Table):
    """The parts that questions about us, and wishes to choose anew, are made of; a star stands for any ending.

    A statement means something only if each of its words is in one of these lists or in `polite`: see
    `bot.words.questions`.
    """

    who: Words = ()
    """Ask for somebody's name: "who", "which company", "what is your"."""
    you: Words = ()
    """Us, as such questions name us: "you", "this", "name", "texting me"."""
    how: Words = ()
    """Ask where something is from, or deny it was given: "how", "where", "who", "never"."""
    have: Words = ()
    """How we came by it, with us as the subject: "did you get", "do you have", "gave you"."""
    number: Words = ()
    """What we have of the person: "my number", "my data"."""
    why: Words = ()
    """Ask for a reason: "why", "what for", "what"."""
    ours: Words = ()
    """What we do: "are you writing", "do you want", "this message"."""
    change: Words = ()
    """Verbs and nouns for choosing anew, as a wish or a fact: "change", "changed", "manage"."""
    mind: Words = ()
    """What is changed by somebody who thinks again: "my mind"."""
    choices: Words = ()
    """What was chosen: "choices", "settings", "consent"."""
    small: Words = ()
    """Little words that change nothing: "the", "please", "I don't know this number"."""
