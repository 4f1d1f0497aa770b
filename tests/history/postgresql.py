"""A PostgreSQL of the tests' own: Debian's binaries, a cluster in a temporary folder, a socket, no port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class NoPostgreSQL(Exception):
    """Why there is none here."""


class Cluster:
    """A running server."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self._user = user
        self._made = 0

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._made += 1
        name = f"audit_{self._made}"
        self._run("createdb", "--host", self.folder, "--username", "auditor", name)
        return f"postgresql://auditor@/{name}?host={self.folder}"

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=20"
        log = self.folder / "log"
        self._run("pg_ctl", "--pgdata", self.folder / "data", "-w", "-o", options, "-l", log, "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: the next start recovers."""
        self._run("pg_ctl", "--pgdata", self.folder / "data", "-w", "-m", mode, "stop")

    def initialise(self) -> None:
        self._run(
            "initdb", "--pgdata", self.folder / "data", "--username", "auditor", "--auth", "trust", "-N"
        )

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(_BINARIES[-1] / program), *(str(argument) for argument in arguments)]
        user = self._user if os.geteuid() == 0 else None
        done = subprocess.run(
            command,
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # of the server, too: a pipe would never end
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A server while it lasts. Raises NoPostgreSQL."""
    if not _BINARIES:
        raise NoPostgreSQL("PostgreSQL is not installed (apt-get install postgresql)")
    user = "postgres"
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam(user)
            except KeyError as error:
                raise NoPostgreSQL("initdb refuses root, and there is no user postgres") from error
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        cluster = Cluster(folder, user)
        cluster.initialise()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
