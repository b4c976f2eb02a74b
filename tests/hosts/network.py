"""Hosts on one machine: network namespaces on one switch, each with its own address.

They are all inside the namespace in which `make hosts` runs the tests. From there nothing outside
can be reached, and they vanish with the namespace's last process.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

# Reserved for tests of network devices (RFC 2544); never routed on the Internet.
NETWORK = "198.18.0"
SWITCH = "switch"


def is_own_namespace() -> bool:
    """Return whether this is the namespace of `make hosts`, which has only loopback."""
    return os.environ.get("HOSTS") == "own namespace" and interfaces() == ["lo"]


def interfaces() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Host:
    """A network namespace with one address; its processes end with it."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder = number, folder
        self.address = f"{NETWORK}.{number}"
        self.running: dict[str, subprocess.Popen] = {}
        self.holder = subprocess.Popen(["unshare", "--net", "--", "sleep", "infinity"])
        self._wait_for_namespace()
        ours, theirs = f"host{number}", "eth0"
        ip("link", "add", ours, "type", "veth", "peer", theirs, "netns", str(self.holder.pid))
        ip("link", "set", ours, "master", SWITCH, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", theirs)
        self.run("ip", "link", "set", theirs, "up")

    def _wait_for_namespace(self) -> None:
        mine = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.holder.pid}/ns/net").readlink() == mine:
            if self.holder.poll() is not None:
                raise AssertionError("there may be no network namespace here")

    def _words(self, words: Sequence[str | Path]) -> list[str]:
        enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]
        return [*enter, *map(str, words)]

    def run(self, *words: str | Path) -> None:
        subprocess.run(self._words(words), check=True)

    def start(self, name: str, words: Sequence[str | Path], environment: dict[str, str]) -> None:
        """Start a process here; its log is `{name}.log`."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self._words(words), env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def cut_off(self) -> None:
        """Cut the network: no packet passes, and no side is notified."""
        ip("link", "set", f"host{self.number}", "down")

    def reconnect(self) -> None:
        ip("link", "set", f"host{self.number}", "up")

    def kill(self) -> None:
        """Kill everything that runs here at once, as a power failure does."""
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()

    def close(self) -> None:
        self.kill()
        self.holder.kill()
        self.holder.wait()


def make_switch() -> str:
    """Connect this namespace, as a host itself, to a new switch; return our address."""
    ip("link", "set", "lo", "up")
    ip("link", "add", SWITCH, "type", "bridge")
    ip("address", "add", f"{NETWORK}.1/24", "dev", SWITCH)
    ip("link", "set", SWITCH, "up")
    return f"{NETWORK}.1"


def remove_switch() -> None:
    ip("link", "delete", SWITCH)
