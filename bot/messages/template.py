"""A message template in one language, as it is handed in for approval and later filled with values.

Its name holds a hash of everything that a person reads: other words are another template, so a name that was sent
says exactly what was shown.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .reply import Button, Reply, Template

Category = Literal["marketing", "utility"]
"""What Meta asks about a template. Meta: templates/template-categorization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """Everything about a template in one language. Only the body has parameters."""

    text_id: str
    """What it is called here: the id of a flow's text (`opt_in.ask`), or of a `[[templates]]` in business.toml."""
    locale: str
    """Our language, in which all of it is written."""
    language: str
    """The channel's code of that language, e.g. `pt_PT`."""
    category: Category
    pieces: tuple[tuple[str, str | None], ...]
    """The body: literal texts, each followed by the name of a parameter or None."""
    header: str = ""
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    """Quick replies; `id` is what a tap on it sends back."""
    examples: Mapping[str, str]
    """An example value for each parameter."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in the order in which they first appear."""
        return tuple(dict.fromkeys(name for _, name in self.pieces if name is not None))

    @property
    def name(self) -> str:
        """The name at the channel: the text id and a hash of the language and of everything that is shown."""
        shown = [self.language, self.header, self.pieces, self.footer, [button.title for button in self.buttons]]
        digest = hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode())
        return f"{stem(self.text_id)}_{digest.hexdigest()[:_DIGITS]}"

    def body(self, values: Mapping[str, str]) -> str:
        """Return the body with these values, exactly as it will be shown. Raises `KeyError` if one is missing."""
        return "".join(literal + ("" if name is None else values[name]) for literal, name in self.pieces)

    def reply(self, values: Mapping[str, str], *, argument: str = "", category: Category | None = None) -> Reply:
        """Return the message that sends it, together with what it shows. Raises `KeyError` if a value is missing.

        `argument`: what the buttons are about, such as the id of a question; it is sent back after the button's id.
        `category`: the channel's, if that differs from what we asked for.
        """
        buttons = tuple(
            Button(f"{button.id}:{argument}" if argument else button.id, button.title) for button in self.buttons
        )
        template = Template(
            self.name,
            self.language,
            {name: values[name] for name in self.parameters},
            tuple(button.id for button in buttons),
            marketing=(category or self.category) == "marketing",
        )
        return Reply(
            body=self.body(values),
            footer=self.footer,
            header=self.header,
            buttons=buttons,
            template=template,
            text_id=self.text_id,
        )


_DIGITS = 10
"""Hexadecimal digits of the hash in a name: two versions of a text practically never share them."""


def stem(text_id: str) -> str:
    """Return the part of a template's name that stays the same in all versions and languages."""
    return text_id.replace(".", "_")


def is_version_of(name: str, text_id: str) -> bool:
    """Whether a template's name at the channel is that of some version of a text."""
    before, _, digest = name.rpartition("_")
    return before == stem(text_id) and len(digest) == _DIGITS and not digest.strip("0123456789abcdef")
