"""The web process's server: uvicorn with our connections (core/http.py) and an orderly end."""

import argparse
import asyncio
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from multiprocessing import parent_process
from types import FrameType

import uvicorn
from uvicorn.server import HANDLED_SIGNALS
from uvicorn.supervisors import multiprocess

from core.closing import GREETING_SECONDS, admit_nobody
from core.http import Protocol

# Longer than proxies keep a connection that is idle (nginx a minute, Caddy two): one that we close
# first might have a request on its way.
KEEP_ALIVE_SECONDS = 150
# What has been begun may take so long when the process is told to end.
END_SECONDS = 8


class Server(uvicorn.Server):
    """A server that answers whoever is in when it is told to end (core/closing.py)."""

    _loop: asyncio.AbstractEventLoop | None = None
    _is_told = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals():
            yield
        if self._is_told:
            # Who has something to do at the end (analytics/hints.py) is not to be ended by a second
            # signal; nor by the first once more, which uvicorn does with those that it has kept.
            for number in HANDLED_SIGNALS:
                signal.signal(number, signal.SIG_IGN)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._listeners = asyncio.get_running_loop(), sockets or []
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._is_told = True
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._close_the_door, self._loop)
        else:
            self.should_exit = True

    def _close_the_door(self, loop: asyncio.AbstractEventLoop) -> None:
        # The listeners of several processes are one, and closed by who ends them all.
        if self.config.workers == 1:
            admit_nobody(self._listeners)
        loop.call_later(GREETING_SECONDS, setattr, self, "should_exit", True)


class Worker(multiprocess.Process):
    """One of several processes, which ends with the one that looks after them."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        super().target(sockets)

    @cached_property
    def server(self) -> Server:
        return Server(self.config)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(multiprocess.Multiprocess):
    """Looks after several processes."""

    def terminate_all(self) -> None:
        admit_nobody(self.sockets)
        time.sleep(GREETING_SECONDS)
        super().terminate_all()


# A supervisor has no other way to be told which processes to make.
multiprocess.Process = Worker  # type: ignore[misc]


def serve(*, application: str, host: str, port: int, workers: int, probe_port: int = 0) -> None:
    """Serve an ASGI application ("module:name") until SIGTERM or SIGINT.

    At `probe_port`, unless it is 0, the same application is reached past the proxies
    (core/operators.py).

    With more workers than one, each is a process, and one that dies is started anew.
    """
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        workers=workers,
        http=Protocol,
        loop="uvloop",
        ws="none",
        access_log=False,
        # Who is asking, and how, is read where it is known which proxy to trust
        # (core/addresses.py).
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
    )
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    listeners = [config.bind_socket()]
    if probe_port:
        config.port = probe_port
        listeners.append(config.bind_socket())
    if workers > 1:
        Supervisor(config, sockets=listeners).run()
    else:
        Server(config).run(listeners)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m core.server", description=serve.__doc__)
    parser.add_argument("application", help="the ASGI application, as module:name")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(%(default)s)")
    parser.add_argument("--probe-port", type=int, default=0, help="another (%(default)s: none)")
    parser.add_argument("--workers", type=int, default=1, help="processes (%(default)s)")
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
