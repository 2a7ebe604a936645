"""A server that answers each request with the next bytes of a script, however wrong they are."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

_content_length = re.compile(rb"\r\nContent-Length: ([0-9]+)\r\n").search

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Do(Enum):
    """What a script says instead of bytes."""

    CLOSE = "close the connection"
    WAIT = "wait until the client goes"


Line = bytes | Do | tuple[bytes | Do, ...]


class Scripted:
    """Answers with `OK` when the script is at its end."""

    def __init__(self) -> None:
        self.script: list[Line] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.most_at_once = 0
        self.port = 0
        self.writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v26.0/1/messages"

    def hang_up(self) -> None:
        """Close all connections, as servers do to idle ones."""
        for writer in self.writers:
            writer.close()

    async def quiet(self, connections: int = 0) -> None:
        """Wait until no more than so many connections are open. Raises `TimeoutError`."""
        async with asyncio.timeout(30):
            while self.open > connections:
                await asyncio.sleep(0.001)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.writers.append(writer)
        self.most_at_once = max(self.most_at_once, self.open)
        try:
            while await self._request(reader):
                line = self.script.pop(0) if self.script else OK
                for step in line if isinstance(line, tuple) else (line,):
                    if step is Do.CLOSE:
                        return
                    if step is Do.WAIT:
                        await reader.read()
                        return
                    writer.write(step)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = _content_length(head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        self.requests.append(head + body)
        return True


@asynccontextmanager
async def scripted(*script: Line, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    server = Scripted()
    server.script += script
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        listening.close()
        server.hang_up()
        await server.quiet()
