"""A place that has the server programs, and the way to run one of them there.

Servers never run as root and never see a path of ours: their data folder is bound to /mnt, in a
mount namespace that ends with them. Every step of the way in is an exec, so the pid that was
started is the server's own.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from service_sources.state import ServiceError

BIND = """
root=${1%/} data=$2 programs=$3; shift 3
mount --bind "$data" "$root/mnt"
if [ "$programs" = elsewhere ]; then
    mount --rbind /dev "$root/dev"
    mount --rbind /proc "$root/proc"
fi
exec "$@"
"""


@dataclass(frozen=True)
class Place:
    """Server programs under `root`, run as the user `uid` if we are root."""

    said: str
    root: Path
    uid: int
    gid: int
    postgres_bin: Path
    redis_server: Path

    @property
    def direct(self) -> bool:
        """Whether programs run directly: the host's own, started by a user other than root."""
        return self.root == Path("/") and os.geteuid() != 0

    def inside(self, folder: Path) -> Path:
        """Return the path by which a program in this place sees its data folder."""
        return folder if self.direct else Path("/mnt")

    def own(self, folder: Path) -> None:
        """Create the folder, readable only for the user who runs the servers."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.hand_over(folder)

    def hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def command(self, folder: Path, *argv: str | Path) -> list[str]:
        """Return the command that runs `argv` in this place with `folder` as its data folder."""
        wanted = [str(word) for word in argv]
        if self.direct:
            return wanted
        programs = "here" if self.root == Path("/") else "elsewhere"
        bind = ["sh", "-ec", BIND, "bind", str(self.root), str(folder), programs]
        return [*self._new_mounts(), *bind, *self._become_server_user(), *wanted]

    def _new_mounts(self) -> list[str]:
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        return ["unshare", *user, "--mount", "--propagation", "private", "--"]

    def _become_server_user(self) -> list[str]:
        if os.geteuid() == 0:
            return ["chroot", f"--userspec={self.uid}:{self.gid}", "--groups=", str(self.root)]
        mapped = [f"--map-user={self.uid}", f"--map-group={self.gid}"]
        return ["unshare", "--user", *mapped, f"--root={self.root}", "--wd=/mnt", "--"]

    def run(self, folder: Path, *argv: str | Path, env: dict[str, str] | None = None) -> str:
        """Run a short command here and return its output; ServiceError if it fails."""
        done = subprocess.run(
            self.command(folder, *argv),
            env=os.environ | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            raise ServiceError(f"{Path(argv[0]).name} failed {self.said}: {last[0]}")
        return done.stdout.strip()
