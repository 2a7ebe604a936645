"""The two documents: all data of a person (MY DATA), and the receipt of their own consents (PROOF)."""

from typing import TYPE_CHECKING

from ..conversation.world import World
from ..service.rights.my_data import MyData
from .words import DocumentWords

if TYPE_CHECKING:
    from .draft import Draft


class Documents:
    """Writes the documents of one business. Implements `ports.Documents`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def my_data(self, data: MyData, locale: str) -> bytes:
        """Return the PDF with everything that is known about a person (GDPR Art. 15)."""
        draft = self._draft(data, locale, "data_title")
        draft.about()
        draft.choices()
        draft.history(proving=False)
        draft.requests()
        draft.waiting()
        draft.processing()
        return draft.paper.finished()

    def receipt(self, data: MyData, locale: str) -> bytes:
        """Return the PDF that proves what the person agreed to (GDPR Art. 7(1))."""
        draft = self._draft(data, locale, "proof_title")
        draft.about()
        draft.choices()
        draft.history(proving=True)
        draft.check()
        return draft.paper.finished()

    def _draft(self, data: MyData, locale: str, title: str) -> "Draft":
        """Begin a document. Imported only here, because fpdf2 is slow to import and takes much memory."""
        from .draft import Draft

        return Draft(data, DocumentWords(self._world, locale), title)
