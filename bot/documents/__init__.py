"""The room of documents: PDF files that a person gets about themselves, in their language.

Comes in: `MyData` (`bot.service.my_data`) and the texts of the business; goes out: the bytes of a PDF. Implements
`rights.Documents`; nobody but the composition root comes in. The fonts lie here, for servers have none.
"""

from bot.documents.documents import Documents

__all__ = ["Documents"]
