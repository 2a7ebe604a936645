"""One request to Graph: its answer, or the error to raise for it."""

from collections.abc import Callable

from ...service.ports import SendError
from ..whatsapp.errors import UNANSWERED, UNREACHABLE, from_response, send_error
from .http import Endpoint, NoAnswer, NotConnected


def _unanswered() -> SendError:
    return send_error(UNANSWERED)


async def answered(endpoint: Endpoint, body: bytes, unread: Callable[[], SendError] = _unanswered) -> bytes:
    """Send a request and return the body of its answer.

    Raises `SendError`; the one that `unread` makes when Graph accepted it but the answer broke off.
    """
    try:
        status, answer, _ = await endpoint.post(body)
    except NotConnected as error:
        raise send_error(UNREACHABLE, detail=str(error)) from None
    except NoAnswer as error:
        raise (unread() if error.status == 200 else send_error(UNANSWERED)) from None
    if status != 200:
        raise from_response(status, answer)
    return answer
