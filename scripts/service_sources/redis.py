"""A private Redis: started, queried, stopped, with a minimal client of its protocol."""

import re
import socket
from pathlib import Path

from service_sources.place import Place
from service_sources.ports import LOOPBACK, is_free
from service_sources.state import write_private

DURABLE = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
THROWAWAY = {"appendonly": "no", "save": '""'}


class Redis:
    """One Redis in one folder; without a password it is a throwaway server that keeps no data."""

    title = "Redis"

    def __init__(self, place: Place, folder: Path, port: int, password: str = "") -> None:
        self.place, self.folder, self.port, self.password = place, folder, port, password
        self.address = LOOPBACK

    @property
    def url(self) -> str:
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration: every user could read a password on the command line."""
        self.place.own(self.folder)
        options = {
            "bind": self.address,
            "protected-mode": "yes" if self.address == LOOPBACK else "no",
            "port": self.port,
            "dir": f'"{self.place.inside(self.folder)}"',
            **(DURABLE | {"requirepass": self.password} if self.password else THROWAWAY),
        }
        file = self.folder / "redis.conf"
        write_private(file, "".join(f"{name} {value}\n" for name, value in options.items()))
        self.place.hand_over(file)

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        conf = self.place.inside(self.folder) / "redis.conf"
        return self.place.command(self.folder, self.place.redis_server, conf)

    def answers(self) -> bool:
        """Return whether it answers to our own password, which only our server accepts."""
        return "+PONG" in self._ask("PING")

    def settle(self) -> None:
        """Do nothing: a Redis needs no database or role."""

    def version(self) -> str:
        found = re.search(r"redis_version:(\S+)", self._ask("INFO server"))
        return f"Redis {found[1]}" if found else "Redis"

    def stop(self) -> bool:
        """Request a shutdown that saves all data; return whether a server was running."""
        running = self.answers()
        if running:
            self._ask("SHUTDOWN")
        return running

    def is_gone(self) -> bool:
        return is_free(self.port)

    def _ask(self, words: str) -> str:
        """Send one inline command after AUTH; return the answer, or "" without one."""
        lines = [f"AUTH {self.password}"] if self.password else []
        request = "".join(f"{line}\r\n" for line in [*lines, words, "QUIT"])
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as link:
                link.sendall(request.encode())
                return b"".join(iter(lambda: link.recv(65536), b"")).decode(errors="replace")
        except OSError:
            return ""
