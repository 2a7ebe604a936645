"""The room of translators' eyes: every message of every dialogue in one language, drawn as WhatsApp draws it.

Comes in: flows, English texts and one catalog, as they stand in the files; goes out: one HTML page that works offline.
"""

from bot.preview.page import page

__all__ = ["page"]
