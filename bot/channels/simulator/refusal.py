"""Graph's errors, worded as Graph words them: `graph`, `media` and `shapes` refuse a request like this."""

from collections.abc import Mapping

from aiohttp import web

from ..whatsapp.errors import known

_STATUS: Mapping[int, int] = {
    **dict.fromkeys((0, 190), 401),
    **dict.fromkeys((10, 131005, 131031, 368, 130497, *range(200, 300)), 403),
    132001: 404,
    **dict.fromkeys((3, 131000, 131016, 131045, 131057, 133000), 500),
    **dict.fromkeys((2, 133004), 503),
}
"""HTTP status of a code where it is not 400. Meta: support/error-codes, 19 Nov 2025."""


class Refusal(Exception):
    """The simulator refuses a request."""

    def __init__(self, code: int, details: str = "", *, subcode: int | None = None, shown: str = "") -> None:
        """`shown` is what Meta's own pages tell a person."""
        super().__init__(f"({code}) {details}")
        self.code = code
        self.details = details
        self.subcode = subcode
        self.shown = shown

    def response(self) -> web.Response:
        """Return the answer that Graph gives."""
        error = {
            "message": f"(#{self.code}) {known(self.code).meaning}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details or known(self.code).meaning},
            "fbtrace_id": "Simulated",
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.shown:
            error["error_user_msg"] = self.shown
        return web.json_response({"error": error}, status=_STATUS.get(self.code, 400))
