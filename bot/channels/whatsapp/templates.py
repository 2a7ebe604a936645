"""Message templates in Meta's words: what is handed in for approval, and what Meta has.

Meta: templates/overview and components (Nov 2025), marketing-messages/send-marketing-messages (Dec 2025).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...i18n.texts import length
from ...messages.template import MessageTemplate
from ...service.ports import TemplateState
from . import limits
from .fields import Fields, Misshapen, misshapen, objects_of, required_text, text

OPTIMISATIONS = (
    "image_brightness_and_contrast",
    "image_touchups",
    "add_text_overlay",
    "image_animation",
    "image_background_gen",
    "text_extraction_for_headline",
    "text_extraction_for_tap_target",
    "product_extensions",
    "text_formatting_optimization",
)
"""Meta's automatic changes to marketing templates, all on by default: evidence of what was shown needs them off."""


def creation(template: MessageTemplate) -> dict[str, Any]:
    """Return the body that hands a template in."""
    made: dict[str, Any] = {
        "name": template.name,
        "language": template.language,
        "category": template.category.upper(),
        "parameter_format": "NAMED",
        "components": components(template),
    }
    if template.category == "marketing":
        off = {name: {"enroll_status": "OPT_OUT"} for name in OPTIMISATIONS}
        made["degrees_of_freedom_spec"] = {"creative_features_spec": off}
    return made


def components(template: MessageTemplate) -> list[dict[str, Any]]:
    """Return the parts of a template."""
    made: list[dict[str, Any]] = []
    if template.header:
        made.append({"type": "HEADER", "format": "TEXT", "text": template.header})
    body: dict[str, Any] = {"type": "BODY", "text": _body(template)}
    if template.parameters:
        values = [{"param_name": name, "example": template.examples[name]} for name in template.parameters]
        body["example"] = {"body_text_named_params": values}
    made.append(body)
    if template.footer:
        made.append({"type": "FOOTER", "text": template.footer})
    if template.buttons:
        buttons = [{"type": "QUICK_REPLY", "text": button.title} for button in template.buttons]
        made.append({"type": "BUTTONS", "buttons": buttons})
    return made


def _body(template: MessageTemplate) -> str:
    return template.body({name: f"{{{{{name}}}}}" for name in template.parameters})


def problems(template: MessageTemplate) -> Iterator[str]:
    """Yield the limits of Meta that a template breaks, each with its cure."""
    if not limits.template_name(template.name) or len(template.name) > limits.TEMPLATE_NAME:
        yield f"its name {template.name!r} is not one for Meta; write its id with small letters, digits and _"
    parts = (
        ("header", template.header, limits.HEADER),
        ("body", _body(template), limits.TEMPLATE_BODY),
        ("footer", template.footer, limits.FOOTER),
        *(("button", button.title, limits.TEMPLATE_BUTTON) for button in template.buttons),
    )
    for part, shown, most in parts:
        if length(shown) > most:
            yield f"its {part} has {length(shown)} characters, Meta takes {most}; shorten it"
    if len(template.buttons) > limits.TEMPLATE_QUICK_REPLIES:
        yield f"it has {len(template.buttons)} buttons, Meta takes {limits.TEMPLATE_QUICK_REPLIES}; leave some out"
    if lacking := [name for name in template.parameters if not template.examples.get(name, "").strip()]:
        yield f"{{{lacking[0]}}} has no example value; give it one in vars"


def state(found: Fields, known: Mapping[tuple[str, str], MessageTemplate]) -> TemplateState | None:
    """Return a template as Meta has it; None if it can't be read. One that is `known` is compared with what we say."""
    try:
        name, language = required_text(found, "name"), language_code(found, "language")
        quality = found.get("quality_score")
        ours = known.get((name, language))
        return TemplateState(
            name=name,
            language=language,
            id=text(found, "id"),
            status=required_text(found, "status").upper(),
            reason=_reason(text(found, "rejected_reason")),
            category=text(found, "category").lower(),
            quality=text(quality, "score") if type(quality) is dict else "",
            altered=ours is not None and _shown(found) != _shown({"components": components(ours)}),
        )
    except Misshapen:
        return None


def language_code(fields: Fields, name: str) -> str:
    """Return a language code, which webhooks write with a hyphen and requests with an underscore."""
    code = required_text(fields, name).replace("-", "_")
    return code if limits.template_language(code) else misshapen(name)


def _reason(reason: str) -> str:
    return "" if reason == "NONE" else reason


def _shown(template: Fields) -> list[tuple[str, str]]:
    """Return everything in a template that a person reads."""
    shown = []
    for part in objects_of(template.get("components")):
        kind = str(part.get("type")).upper()
        shown += [(kind, str(part["text"]))] if "text" in part else []
        shown += [(kind, str(button.get("text"))) for button in objects_of(part.get("buttons"))]
        if kind == "HEADER" and str(part.get("format", "TEXT")).upper() != "TEXT":
            shown.append((kind, "not a text"))
    return shown
