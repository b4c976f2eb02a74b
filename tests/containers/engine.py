"""A Docker engine of its own: dockerd in its own mount, pid and network namespaces.

Its network is the one in which the tests run from then on. It reaches the registries through
slirp4netns, which is a process like any other, so the host's firewall and routes stay as they are.
"""

import ctypes
import fcntl
import os
import subprocess
from pathlib import Path
from typing import Self

import psutil

from tests.patience import wait_until

# Where the engine sees the checkout.
CHECKOUT = "/run/checkout"
# The root must be a mount, which takes this process's root's place: runc needs that.
START = f"""
root=$1 state=$2 checkout=$3
mount --rbind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs run run
mount -t tmpfs tmp tmp
echo nameserver 10.0.2.3 >run/resolv.conf
mount --bind run/resolv.conf etc/resolv.conf
mkdir -p var/lib/docker
mount --bind "$state" var/lib/docker
mkdir .{CHECKOUT}
mount --bind "$checkout" .{CHECKOUT}
pivot_root . mnt
cd /
umount --lazy /mnt
exec tini -- dockerd --host unix:///var/run/docker.sock
"""
REACH = """
root=$1 process=$2
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" slirp4netns --configure --mtu=65520 --disable-host-loopback "$process" tap0
"""
OWN_MOUNTS = ["unshare", "--mount", "--propagation", "private"]
NET = "ns/net"


class Engine:
    """dockerd over `root`, with its images in a folder beside it, which it keeps for the next run.

    It sees the checkout, and nothing else of this machine. Its log is `log`.
    """

    def __init__(self, root: Path, *, checkout: Path, log: Path) -> None:
        self.root, self.checkout, self.log = root, checkout, log
        self.state = root.with_name("docker")
        self.processes: list[subprocess.Popen] = []
        self.dockerd: subprocess.Popen | None = None

    def __enter__(self) -> Self:
        self.state.mkdir(exist_ok=True)
        self.lock = (self.state.parent / "running").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            self._enter_network()
            words = [*OWN_MOUNTS, "--pid", "--fork", "--kill-child", "sh", "-ec", START, "start"]
            self.dockerd = self._start(*words, self.root, self.state, self.checkout)
            wait_until(self._answers, seconds=60, what=f"dockerd, see {self.log}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.dockerd and self.dockerd.poll() is None:
            self._first().terminate()
            self.dockerd.wait(60)
        for process in reversed(self.processes):
            process.terminate()
            process.wait(10)
        self.lock.close()

    def _enter_network(self) -> None:
        holder = self._start("unshare", "--net", "--", "sleep", "infinity")
        theirs, ours = Path(f"/proc/{holder.pid}") / NET, Path("/proc/self") / NET
        wait_until(lambda: theirs.readlink() != ours.readlink(), what="a network namespace")
        self._start(*OWN_MOUNTS, "sh", "-ec", REACH, "reach", self.root, holder.pid)
        with theirs.open() as network:
            # os.setns is new in Python 3.12.
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "the network namespace may not be entered")
        addresses = psutil.net_if_addrs
        wait_until(lambda: "tap0" in addresses(), what=f"slirp4netns, see {self.log}")

    def _start(self, *words: object) -> subprocess.Popen:
        with self.log.open("ab") as log:
            process = subprocess.Popen([*map(str, words)], stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def _answers(self) -> bool:
        assert self.dockerd.poll() is None, self.log.read_text()[-2000:]
        return self.docker("info", check=False).returncode == 0

    def _first(self) -> psutil.Process:
        """Return the first process of the engine's pid namespace."""
        return wait_until(psutil.Process(self.dockerd.pid).children)[0]

    def inside(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command beside dockerd, in the checkout; AssertionError if it fails."""
        enter = ["nsenter", f"--target={self._first().pid}", "--mount", "--pid", "--"]
        move = ["sh", "-ec", f'cd {CHECKOUT}; exec "$@"', words[0]]
        done = subprocess.run(
            [*enter, *move, *words],
            # No variable of this machine may decide what Compose does.
            env={"PATH": os.defpath, "HOME": "/root"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(words)}: {done.stdout}{done.stderr}"[-4000:])
        return done

    def docker(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.inside("docker", *words, check=check)
