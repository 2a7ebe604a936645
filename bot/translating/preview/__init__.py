"""Every dialogue in one language, as a conversation that WhatsApp might show: for translators to look at.

In: flows, English texts and catalogs, as they are in the files; out: HTML pages that work offline.
"""

from .page import Language, index, page

__all__ = ["Language", "index", "page"]
