"""The PDF files that people get about themselves, in their language.

In: `MyData` (`bot.service.rights.my_data`) and the texts of the business; out: the bytes of a PDF.
Implements `ports.Documents`; only `app` imports it. The fonts are here because servers have none.
"""

from .documents import Documents

__all__ = ["Documents"]
