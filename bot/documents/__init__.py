"""The PDF files that persons get about themselves, in their language.

Comes in: `MyData` (`bot.service.rights.my_data`) and the texts of the business; goes out: the bytes of a PDF.
Implements `rights.Documents`; only `app` imports it. The fonts lie here, for servers have none.
"""

from .documents import Documents

__all__ = ["Documents"]
