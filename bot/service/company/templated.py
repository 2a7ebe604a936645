"""The company's templates, as what it starts needs them."""

from ...business import Business
from ...messages.inbound import QuestionTemplate
from ...messages.reply import Reply
from ..sending.reasons import Reason
from ..sending.templates import BadValues, NoTemplate, Templates
from .messages import TemplateWanted

QUESTION = "opt_in.ask"
"""The text that asks for consent, which is also the name of its template."""


class Templated:
    """Picks and fills templates. All methods raise `Unavailable`."""

    def __init__(self, templates: Templates, business: Business) -> None:
        self._templates = templates
        self._business = business

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

    async def filled(self, wanted: TemplateWanted, locale: str, purpose: str) -> Reply | Reason:
        """Return the message of a template of the company's own in a language, or why it may not be sent.

        `purpose`: the one that the message serves; empty for an answer. Raises `BadValues`, also if the template
        serves another purpose, or is marketing in an answer.
        """
        own = next((own for own in self._business.templates if own.id == wanted.name), None)
        if own is None:
            return Reason.TEMPLATE_MISSING
        if purpose and own.purpose != purpose:
            raise BadValues(f"the template serves another purpose than {purpose}")
        if not purpose and own.category == "marketing":
            raise BadValues("a marketing template answers nothing")
        picked = await self._templates.pick(wanted.name, locale or self._business.default_locale)
        return Reason(picked) if isinstance(picked, NoTemplate) else picked.reply(wanted.values)
