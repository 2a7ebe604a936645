"""What WhatsApp accepts: every limit of the Cloud API that a message of ours can reach, with its source.

Texts are written to fit, so the limits that translators and flows must know, too, are defined in `bot.i18n` only.
Lengths are in characters, which Meta does not define: `bot.i18n.texts.length` counts the stricter way.
`[D:…]` is developers.facebook.com/documentation/business-messaging/whatsapp/…; `[OA]` is Meta's OpenAPI file v23.0.
"""

import re

from ...i18n.texts import LIMITS, MAX_BUTTONS, MAX_ROWS, TextKind

TEXT_BODY = LIMITS[TextKind.TEXT]
"""[D:messages/text-messages]"""

INTERACTIVE_BODY = LIMITS[TextKind.BODY]
"""[D:messages/interactive-reply-buttons-messages]; the list guide says 4096, [OA] 1024 for all: the lower counts."""

HEADER = LIMITS[TextKind.HEADER]
"""[D:messages/interactive-reply-buttons-messages], text headers."""

FOOTER = LIMITS[TextKind.FOOTER]
"""[D:messages/interactive-reply-buttons-messages]"""

BUTTONS = MAX_BUTTONS
BUTTON_TITLE = LIMITS[TextKind.BUTTON]
BUTTON_ID = 256
"""[D:messages/interactive-reply-buttons-messages]; titles are unique, ids have no blank at either end."""

LIST_BUTTON = LIMITS[TextKind.LIST_BUTTON]
ROWS = MAX_ROWS
ROW_ID = 200
ROW_TITLE = LIMITS[TextKind.ROW]
ROW_DESCRIPTION = LIMITS[TextKind.ROW_DESCRIPTION]
SECTIONS = 10
SECTION_TITLE = 24
"""[D:messages/interactive-list-messages]; the rows are counted over all sections."""

LINK_TITLE = 20
"""[D:messages/interactive-cta-url-messages], `display_text`."""

URL = 2000
"""[D:templates/components], URL buttons; no limit is documented for the links of other messages."""

url = re.compile(r"https?://[^\s/?#]\S*").fullmatch
"""[D:messages/interactive-cta-url-messages]; a blank ends a URL wherever a person may copy it to."""

CAPTION = 1024
"""[D:messages/document-messages] and [OA]"""

DOCUMENT_TYPES = frozenset({"txt", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx"})
"""[D:messages/document-messages]; no JSON, CSV or ZIP."""

DOCUMENT_MIMES = {"pdf": "application/pdf", "txt": "text/plain"}
"""Of the types above, those that we upload."""

DOCUMENT_BYTES = 100 * 1000 * 1000
"""[D:business-phone-numbers/media]: 100 MB; 1000 is the stricter way to count."""

media_id = re.compile(r"[0-9]{1,40}").fullmatch
"""[D:business-phone-numbers/media]: examples have 15 to 17 digits."""

TEMPLATE_BODY = 1024
TEMPLATE_NAME = 512
TEMPLATE_QUICK_REPLIES = 10
TEMPLATE_BUTTON = 25
"""[D:templates/components]"""

TEMPLATE_PAYLOAD = 128
"""Of a quick reply; from older documentation, not verified since."""

in_template = re.compile(r"(?!.* {5})[^\n\t]*").fullmatch
"""A value in a template has no line break, no tab and no more than four blanks in a row: Graph's error 132018."""

REFERENCE = 512
"""`biz_opaque_callback_data`: changelog and [OA]."""

template_name = re.compile(r"[a-z0-9_]+").fullmatch
"""[D:templates/overview]"""

template_language = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?").fullmatch
"""[D:templates/supported-languages]: case-sensitive, with an underscore."""

bsuid = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}").fullmatch
"""Business-scoped user id. Meta: business-scoped-user-ids, May 2026."""

parent_bsuid = re.compile(r"[A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128}").fullmatch
"""The id in a parent portfolio, which is never a person's key here. Same source."""

phone = re.compile(r"\+[1-9][0-9]{4,14}").fullmatch
"""E.164 with the plus: without it Meta prepends the business's own country code, and a stranger reads the message.
[D:messages/send-messages]"""

phone_number_id = re.compile(r"[0-9]{5,20}").fullmatch
"""The id of a business number; examples have 15 digits. [D:business-phone-numbers]"""
