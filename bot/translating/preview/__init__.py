"""Every message of every dialogue in one language, drawn as WhatsApp draws it: for translators to look at.

In: flows, English texts and one catalog, as they are in the files; out: one HTML page that works offline.
"""

from .page import page

__all__ = ["page"]
