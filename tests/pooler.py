"""PgBouncer in transaction mode, in front of a service's database."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.patience import wait_until
from tests.service import free_port

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

# So few that the next client gets a session that another client has just left.
SERVER_SESSIONS = 4
CONFIGURATION = """
[databases]
{database} = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
ignore_startup_parameters = options
user = nobody
"""


@contextmanager
def pooled(database_url: str, folder: Path) -> Iterator[str]:
    """Yield the address of the same database behind our own PgBouncer."""
    server, port = urlsplit(database_url), free_port()
    file = folder / "pgbouncer.ini"
    file.write_text(
        CONFIGURATION.format(
            database=server.path[1:],
            host=server.hostname,
            port=server.port,
            user=server.username,
            password=server.password or "''",
            listen_port=port,
            sessions=SERVER_SESSIONS,
        )
    )
    url = f"postgres://{server.username}@127.0.0.1:{port}{server.path}"
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([str(PROGRAM), file], stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(port), what=f"PgBouncer, see {log.name}")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    """Return whether it listens; its database may not exist yet."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
