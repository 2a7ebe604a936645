"""What the persons of a benchmark say, and how Meta (or Telegram, for the peer) would post it."""

import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.channels.whatsapp.signature import HEADER
from bot.web.webhook import PATH

BODY_BYTES = 700
"""Of a webhook, about."""

Script = Sequence[tuple[str, int]]
"""What one person says, and how many messages each of it is answered by; the person waits for them."""

_OPT_IN = [
    ("Hi", 1),  # asks for the first purpose: evidence
    ("HELP", 1),
    ("YES", 2),  # agrees, and is asked for the second: evidence
    ("PRIVACY", 1),
    ("YES", 1),  # agrees: evidence
    ("CHOICES", 1),
    ("STOP", 1),  # withdraws both: evidence
    ("HELP", 1),
]

SCRIPTS: Mapping[str, Script] = {
    "opt_in": _OPT_IN,
    "subscribe": [("Hi", 1), ("YES", 2), ("YES", 1)],
    "known": [("CHOICES", 1), ("STOP", 1), ("PRIVACY", 1), ("START", 1)],
    "to_the_host": [("When will my flowers arrive?", 0)],
    "one_reply_each": [(text, 1) for text, _ in _OPT_IN],
    "no_reply": [(text, 0) for text, _ in _OPT_IN],
}

Post = Callable[[int, str], bytes]
"""A person's number and what they say → an HTTP request."""


def whatsapp_identity(person: int) -> Identity:
    """Return the addresses of a made-up person: a British mobile number of nobody's."""
    return Identity(f"+4477{person:08d}", f"GB.{person:020d}", _NAME)


_NAME = "A customer who has given themselves a rather long profile name"


def whatsapp(secret: str, number: str) -> tuple[Post, Callable[[int], str]]:
    """Return how a message is posted to the business's number, and to which recipient it is answered."""
    made_up = Identity("+PHONE", "BSUID", _NAME + "PAD")
    body = webhooks.text(made_up, "TEXT", id="wamid.ID", at=1111111111, number=number)
    template = body.replace(b"1111111111", b"%(at)d")
    for name in (b"PHONE", b"BSUID", b"TEXT", b"ID"):
        template = template.replace(name, b"%%(%b)b" % name.lower())
    template = template.replace(b"PAD", b" " * 0 + b"x" * max(0, BODY_BYTES - len(body) - 100))
    key = hmac.new(secret.encode(), digestmod="sha256")
    numbered = _ids()

    def post(person: int, text: str) -> bytes:
        content = template % {
            b"phone": b"4477%08d" % person,
            b"bsuid": b"GB.%020d" % person,
            b"text": text.encode(),
            b"id": b"HBgMNDQ3%b" % next(numbered),
            b"at": int(time.time()),
        }
        mac = key.copy()
        mac.update(content)
        return _request(PATH, f"{HEADER}: sha256={mac.hexdigest()}", content)

    return post, lambda person: f"+4477{person:08d}"


def telegram(secret: str) -> tuple[Post, Callable[[int], str]]:
    """Return the same for a bot of Telegram."""
    who = '"first_name":"%s","last_name":"%s","username":"customer"' % (_NAME, "x" * 60)
    template = (
        '{"update_id":%%d,"message":{"message_id":%%d,"from":{"id":%%d,"is_bot":false,%s,"language_code":"en"},'
        '"chat":{"id":%%d,"type":"private",%s},"date":%%d,"text":"%%s"}}' % (who, who)
    )
    updates = count(secrets.randbelow(10**9))

    def post(person: int, text: str) -> bytes:
        update, chat = next(updates), _chat(person)
        content = (template % (update, update, chat, chat, int(time.time()), text)).encode()
        return _request("/telegram", f"X-Telegram-Bot-Api-Secret-Token: {secret}", content)

    return post, lambda person: str(_chat(person))


def _chat(person: int) -> int:
    return 10**9 + person


def _ids() -> "count[int] | map[bytes]":
    run = secrets.token_hex(8).encode()
    return map(lambda number: b"%b%032d" % (run, number), count())


def _request(path: str, proof: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: facebookexternalua\r\n{proof}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
