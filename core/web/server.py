"""Web's server: uvicorn, whose own command line has no second port for the probes."""

import argparse
import os
import resource
from typing import Any

import uvicorn
from django.conf import settings
from django.utils.log import configure_logging
from uvicorn.supervisors import Multiprocess

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

CONFIG: dict[str, Any] = {
    "http": "core.web.http:Protocol",
    "ws": "none",
    "access_log": False,
    # core/web/addresses.py determines the caller, because it knows the trusted proxies.
    "proxy_headers": False,
    "server_header": False,
    # Longer than proxies keep an idle connection (nginx a minute, Caddy two): a request might be on
    # its way when we close one first.
    "timeout_keep_alive": 150,
    # Running requests may take this long after the process is told to stop.
    "timeout_graceful_shutdown": 8,
}


def serve(*, application: str, host: str, port: int, workers: int, probe_port: int = 0) -> None:
    """Serve an ASGI application ("module:name") until SIGTERM or SIGINT.

    `probe_port`, unless it is 0, serves the same application past the proxies
    (core/web/operators.py). With several workers each is a process, and is restarted if it dies.
    """
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    config = uvicorn.Config(application, host=host, port=port, workers=workers, **CONFIG)
    # Here too, so that the supervisor of several workers logs as they do, and stops if a setting is
    # wrong: otherwise it would restart its workers forever.
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    listeners = [config.bind_socket()]
    if probe_port:
        config.port = probe_port
        listeners.append(config.bind_socket())
    if workers > 1:
        Multiprocess(config, sockets=listeners).run()
    else:
        uvicorn.Server(config).run(sockets=listeners)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m core.web.server", description=serve.__doc__)
    parser.add_argument("application", help="the ASGI application, as module:name")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(%(default)s)")
    parser.add_argument("--probe-port", type=int, default=0, help="another (%(default)s: none)")
    parser.add_argument("--workers", type=int, default=1, help="processes (%(default)s)")
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
