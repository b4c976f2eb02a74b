"""A real Caddy with the configuration of deploy/, in front of the ports of a web and a live."""

import http.client
import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.patience import wait_until
from tests.production import DOMAIN
from tests.service import BIN, ROOT, free_port

CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"
# 30 s in production; the tests wait less.
BODY_SECONDS = 3


class Proxy:
    """Caddy with our configuration, its own CA and free ports."""

    def __init__(self, folder: Path, *, web: int, live: int) -> None:
        self.folder, self.http, self.https = folder, free_port(), free_port()
        self.caddy = subprocess.Popen(
            [BIN / "caddy", "run", "--config", CADDYFILE, "--adapter", "caddyfile"],
            env={
                "HOME": str(folder),
                "XDG_DATA_HOME": str(folder),
                "DOMAIN": DOMAIN,
                "ADMIN": "off",
                "HTTP_PORT": str(self.http),
                "HTTPS_PORT": str(self.https),
                "WEB": "127.0.0.1",
                "WEB_PORT": str(web),
                "LIVE": "127.0.0.1",
                "LIVE_PORT": str(live),
                "READ_BODY": f"{BODY_SECONDS}s",
            },
            stdout=subprocess.DEVNULL,
            stderr=(folder / "caddy.log").open("wb"),
        )

    def __enter__(self) -> "Proxy":
        try:
            wait_until(self.answers, what=str(self.folder / "caddy.log"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.caddy.terminate()
        self.caddy.wait(20)

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """Connect like a browser that trusts only the proxy's CA."""
        root = self.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        context = ssl.create_default_context(cafile=root)
        if protocols:
            context.set_alpn_protocols(protocols)
        line = socket.create_connection(("127.0.0.1", self.https), timeout=20)
        return context.wrap_socket(line, server_hostname=DOMAIN)

    def answers(self) -> bool:
        with suppress(OSError):
            self.connect().close()
            return True
        return False

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        call = http.client.HTTPConnection(DOMAIN)
        call.sock = self.connect()
        call.request(method, path, body, headers or {})
        answer = call.getresponse()
        content = answer.read()
        call.close()
        return answer, content
