"""A separate checkout for a test: the same scripts, no .env, an empty state folder."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINKED = ("Procfile", "analytics", "dashboard", "compose.yml", "deploy")


class Checkout:
    """The commands of one checkout, run as a person runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "scripts", folder / "scripts")
        # Copies, because the settings look for .env and var/ beside themselves.
        shutil.copytree(ROOT / "core", folder / "core")
        shutil.copy(ROOT / "manage.py", folder)
        for name in LINKED:
            (folder / name).symlink_to(ROOT / name)
        outside = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT", "POINTERSCOPE_STATE"}
        # What `make test` was called with must not reach a make that a test calls.
        outside |= {"ARGS", "MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS"}
        # A test must not start or stop containers in the developer's own Docker engine.
        self.env = {name: value for name, value in os.environ.items() if name not in outside}
        self.env["DOCKER_HOST"] = "tcp://127.0.0.1:1"

    @property
    def demo_state(self) -> Path:
        """The folder in which `scripts/run demo` keeps its data."""
        return self.folder / "var" / "demo"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, str(self.folder / "scripts" / words[0]), *words[1:]]

    def services(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `scripts/services` to its end."""
        return self._finish("services", *words, env=env)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `scripts/run` to its end."""
        return self._finish("run", *words, env=env)

    def run_env(self, port: str) -> dict[str, str]:
        """Return the settings that the run at a port leaves for `manage.py`."""
        lines = (self.folder / "var" / "runs" / f"{port}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines[1:])

    def manage(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` in this checkout with these settings only."""
        names = {"DATABASE_OWNER_URL", "SERVICE_URL", "STREAM_URL"}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.folder,
            env={name: value for name, value in self.env.items() if name not in names} | env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _finish(self, *words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(
            command, env=self.env | env, capture_output=True, text=True, timeout=60, check=False
        )

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start a command in the background; its output goes to the file `out`."""
        with (self.folder / "out").open("a") as out:
            return subprocess.Popen(
                self.command(*words),
                env=self.env | env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def output(self) -> str:
        return (self.folder / "out").read_text()

    def up(self, **env: str) -> dict[str, str]:
        done = self.services("up", **env)
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def server_pids(self) -> list[int]:
        """Return the pids of PostgreSQL and Redis whose working folder is in this checkout."""
        states = (self.folder / "var", self.demo_state)
        places = [state / part for state in states for part in ("postgres/data", "redis")]
        wanted = {(path.stat().st_dev, path.stat().st_ino) for path in places if path.exists()}
        return [pid for pid in running_pids() if _working_folder(pid) in wanted]


def running_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def descendants(pid: int) -> set[int]:
    """Return all descendants of this process."""
    below, parents = set(), {pid}
    while parents:
        parents = {child for child in running_pids() if _parent(child) in parents} - below
        below |= parents
    return below


def is_running(pid: int) -> bool:
    """Return whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _working_folder(pid: int) -> tuple[int, int] | None:
    try:
        folder = Path(f"/proc/{pid}/cwd").stat()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return None
    return folder.st_dev, folder.st_ino


def kill(*pids: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
