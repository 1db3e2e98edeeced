"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNPRIVILEGED = "nobody"  #: initdb refuses to run as root


class NoServerError(Exception):
    """PostgreSQL is not installed."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server and give the SQLAlchemy URL of an empty database.

    Raises
    ------
    NoServerError
        If its programs are not there.
    """
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    with tempfile.TemporaryDirectory(prefix="lumbar-pg-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        data.mkdir()
        if os.getuid() == 0:
            shutil.chown(folder, UNPRIVILEGED)
            shutil.chown(data, UNPRIVILEGED)
        _run(initdb, "-D", data, "-U", "lumbar", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run(pg_ctl, "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "-t", "60", "start")
        try:
            yield f"postgresql+psycopg://lumbar@/postgres?host={folder}"
        finally:
            _run(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")


def _program(name: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(debian[-1]) if debian else None)
    if found is None:
        raise NoServerError(f"no PostgreSQL server: {name} is neither on PATH nor below /usr/lib/postgresql")
    return found


def _run(*command: str | Path) -> None:
    as_user = {"user": UNPRIVILEGED, "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **as_user
    )
