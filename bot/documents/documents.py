"""The two documents: all data of a person (MY DATA), and the receipt of their own consents (PROOF)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..consent import verifier
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
        return draft.finished()

    def receipt(self, data: MyData, locale: str, evidence: Mapping[str, Any] | None = None, page: str = "") -> bytes:
        """Return the PDF that proves what the person agreed to (GDPR Art. 7(1)).

        It carries `evidence` and the program that checks it. `page`: the address of the page that checks it, if any.
        """
        draft = self._draft(data, locale, "proof_title")
        draft.about()
        draft.choices()
        draft.history(proving=True)
        draft.check(evidence, page)
        if evidence is not None:
            draft.paper.attach("evidence.json", _as_file(evidence), "application/json")
            draft.paper.attach("verify.py", Path(verifier.__file__).read_bytes(), "text/x-python")
        return draft.finished()

    def _draft(self, data: MyData, locale: str, title: str) -> "Draft":
        """Begin a document. Imported only here, because fpdf2 is slow to import and takes much memory."""
        from .draft import Draft

        return Draft(data, DocumentWords(self._world, locale, data.time_zone), title)


def _as_file(evidence: Mapping[str, Any]) -> bytes:
    """Return evidence as the file that the verifier reads."""
    return json.dumps(evidence, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"
