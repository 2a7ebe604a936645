"""The company's templates, as what it starts needs them."""

from ...messages.inbound import QuestionTemplate
from ...messages.reply import Reply
from ..sending.reasons import Reason
from ..sending.templates import NoTemplate, Templates
from .messages import TemplateWanted

QUESTION = "opt_in.ask"
"""The text that asks for consent, which is also the name of its template."""


class Templated:
    """Picks and fills templates. All methods raise `Unavailable`."""

    def __init__(self, templates: Templates, default_locale: str) -> None:
        self._templates = templates
        self._default_locale = default_locale

    async def question(self, locale: str) -> QuestionTemplate | Reason:
        """Return the template that asks for consent in a language, or why it may not be sent."""
        picked = await self._templates.pick(QUESTION, locale)
        if isinstance(picked, NoTemplate):
            return Reason(picked)
        template = picked.template
        return QuestionTemplate(
            template.name,
            template.language,
            picked.locale,
            template.parameters,
            marketing=picked.category == "marketing",
        )

    async def filled(self, wanted: TemplateWanted, locale: str) -> Reply | Reason:
        """Return the message of a template in a language, or why it may not be sent. Raises `BadValues`."""
        picked = await self._templates.pick(wanted.name, locale or self._default_locale)
        return Reason(picked) if isinstance(picked, NoTemplate) else picked.reply(wanted.values)
