"""A private PostgreSQL server for tests: in a folder of its own, on a Unix socket, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROLE = "sitefleet"
START_LIMIT = 60.0
"""s; the first start on a slow disk takes its time."""
TEST_ONLY = {
    "listen_addresses": "",
    "fsync": "off",  # the disk of this machine is not under test
    "max_connections": "40",
    "shared_buffers": "16MB",
}


def programs() -> Path | None:
    """Folder of initdb and postgres, the newest version; None where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres", path=str(Path(on_path).parent)):
        return Path(on_path).parent
    # Debian keeps them off the PATH.
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda p: float(p.parent.name), default=None)


class PostgresqlServer:
    """Starts at once. PostgreSQL refuses to run as root, so root lends it to another user."""

    def __init__(self, bin_folder: Path) -> None:
        self._bin = bin_folder
        self._as: dict[str, Any] = {}
        # Not below pytest's folder: others may not pass through that, and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="sitefleet-pg-"))
        if os.geteuid() == 0:
            names = {u.pw_name for u in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._log = self.folder / "log"
        words = ["-D", str(self.folder / "data"), "-U", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"]
        self._run("initdb", *words)
        self._process = self._start()

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._bin / program), *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def _start(self) -> subprocess.Popen[bytes]:
        words = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        for name, value in TEST_ONLY.items():
            words += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [str(self._bin / "postgres"), *words], cwd=self.folder, stdout=log, stderr=log, **self._as
            )
        end = time.monotonic() + START_LIMIT
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
                return process
            except psycopg.OperationalError as error:
                dead = process.poll() is not None
                if dead or time.monotonic() > end:
                    raise AssertionError(f"PostgreSQL did not start: {error}\n{self._log.read_text()}") from error
            time.sleep(0.05)

    def _address(self, database: str) -> str:
        return f"host={self.folder} user={ROLE} dbname={database} connect_timeout=5"

    def url(self, database: str) -> str:
        """As the manager takes it."""
        return f"postgresql://{ROLE}@/{database}?host={self.folder}"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """As the server's owner, outside any transaction."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def restart(self) -> None:
        """Cuts every connection."""
        self._stop()
        self._process = self._start()

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGINT)  # fast shutdown
        try:
            self._process.wait(20.0)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10.0)

    def close(self) -> None:
        """Stop it and remove everything."""
        self._stop()
        shutil.rmtree(self.folder)


@contextmanager
def running_server() -> Iterator[PostgresqlServer]:
    """A server for the block; the test is skipped where PostgreSQL is not installed."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    server = PostgresqlServer(folder)
    try:
        yield server
    finally:
        server.close()
