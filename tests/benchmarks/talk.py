"""What the persons of a benchmark say, and how Meta (or Telegram, for the peer) would post it: about 700 bytes."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from bot.channels.meta.provider import META
from bot.channels.meta.webhooks import SIGNATURE_HEADER
from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity

TELEGRAM_PATH = "/telegram"

Script = Sequence[tuple[str, int]]
"""What one person says, and how many messages answer each of it; the person waits for them."""

_OPT_IN: Script = [
    ("Hi", 1),  # is asked for the first purpose: evidence
    ("HELP", 1),
    ("YES", 1),  # agrees, and is asked for the second: evidence
    ("PRIVACY", 1),
    ("YES", 1),  # agrees: evidence
    ("CHOICES", 1),
    ("STOP", 1),  # withdraws both: evidence
    ("HELP", 1),
]

SCRIPTS: Mapping[str, Script] = {
    "opt_in": _OPT_IN,
    "subscribe": [("Hi", 1), ("YES", 1), ("YES", 1)],
    "known": [("CHOICES", 1), ("STOP", 1), ("PRIVACY", 1), ("START", 1)],
    "to_the_host": [("When will my flowers arrive?", 1)],
    "one_reply_each": [(text, 1) for text, _ in _OPT_IN],
    "no_reply": [(text, 0) for text, _ in _OPT_IN],
}

Post = Callable[[int, str], bytes]
"""A person's number and what they say → an HTTP request."""

Address = Callable[[int], str]
"""A person's number → the recipient of the answers."""

_NAME = "A customer whose profile has a name that is long, so that there is as much to read as there usually is"


def identity(person: int) -> Identity:
    """A made-up person with a British mobile number."""
    return Identity(f"+4477{person:08d}", f"GB.{person:020d}")


def whatsapp(secret: str, number: str) -> tuple[Post, Address]:
    """Webhooks for the business's number, signed as Meta signs them."""
    who = Identity("+PHONE", "BSUID", f"{_NAME} {_NAME[:60]}")
    sample = webhooks.text(who, "TEXT", id="WAMID", at=1111111111, number=number)
    template = sample.replace(b"1111111111", b"%(at)d")
    for name in (b"PHONE", b"BSUID", b"TEXT", b"WAMID"):
        template = template.replace(name, b"%%(%b)b" % name.lower())
    ids = _ids()
    key = hmac.new(secret.encode(), digestmod="sha256")

    def post(person: int, text: str) -> bytes:
        content = template % {
            b"phone": b"4477%08d" % person,
            b"bsuid": b"GB.%020d" % person,
            b"text": text.encode(),
            b"wamid": next(ids),
            b"at": int(time.time()),
        }
        mac = key.copy()
        mac.update(content)
        return _request(META.path, f"{SIGNATURE_HEADER}: sha256={mac.hexdigest()}", content)

    return post, lambda person: f"+4477{person:08d}"


def telegram(secret: str) -> tuple[Post, Address]:
    """The same as updates for a bot of Telegram."""
    who = f'"first_name":"{_NAME}","last_name":"{_NAME}","username":"somebody"'
    template = (
        f'{{"update_id":%d,"message":{{"message_id":%d,"from":{{"id":%d,"is_bot":false,{who},"language_code":"en"}},'
        f'"chat":{{"id":%d,"type":"private",{who}}},"date":%d,"text":"%s"}}}}'
    )
    updates = count(secrets.randbelow(10**9))

    def post(person: int, text: str) -> bytes:
        update = next(updates)
        content = template % (update, update, _chat(person), _chat(person), int(time.time()), text)
        return _request(TELEGRAM_PATH, f"X-Telegram-Bot-Api-Secret-Token: {secret}", content.encode())

    return post, lambda person: str(_chat(person))


def _chat(person: int) -> int:
    return 1_000_000_000 + person


def _ids() -> Iterator[bytes]:
    """Message ids as long as Meta's; no two runs share one."""
    run = secrets.token_hex(8).encode()
    return (b"wamid.HBgMNDQ3%b%024d" % (run, number) for number in count())


def _request(path: str, proof: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: facebookexternalua\r\n{proof}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
