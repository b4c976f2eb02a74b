"""The service as `make run` runs it, and the plain reference beside it on the same database."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import requests

from tests.patience import wait_until
from tests.service import BIN, ROOT, Service, free_port

# The settings of `make run`, except that a benchmark's pointers send faster than any hand.
AS_RUN = {
    "SWEEP_SECONDS": "5",
    "WEB_THREADS": "4",
    "BATCHES_PER_MINUTE": "100000000",
    "EVENTS_PER_MINUTE": "100000000000",
}
SERVICE = ("web", "worker", "beat", "live", "redis")

Cpu = dict[int, float]


class Stage(Service):
    """The service's processes by the Procfile, and `reference`: the plain project's web server."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **{**AS_RUN, **settings})
        self.reference_port = free_port()
        self.commands["web"] = command_line("web", PORT=self.port)
        self.commands["worker"] = command_line("worker")
        *reference, line = command_line(
            "web",
            PORT=self.reference_port,
            DJANGO_SETTINGS_MODULE="benchmarks.reference.settings",
        )
        plain = line.replace("analytics.asgi", "benchmarks.reference.asgi")
        self.commands["reference"] = [*reference, plain]

    def cpu(self, *names: str) -> Cpu:
        """Return the CPU seconds that each of these processes has used so far, by its pid.

        `database` means this database's sessions, if they run on this machine.
        """
        processes = [process for name in names for process in self._processes(name)]
        used: Cpu = {}
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                used[process.pid] = sum(process.cpu_times()[:2])
        return used

    def memory(self, *names: str) -> int:
        """Return the bytes of memory of processes; shared memory counts once (PSS)."""
        processes = [process for name in names for process in self._processes(name)]
        return sum(process.memory_full_info().pss for process in processes)

    def wait_for_the_drain(self) -> None:
        """Wait until no mark waits for the first rung."""
        wait_until(self.is_rolled_up, seconds=120, what="the outbox is empty")

    def _processes(self, name: str) -> list[psutil.Process]:
        if name == "database":
            return [process for process in psutil.process_iter() if self._is_session(process)]
        process = psutil.Process(self.processes[name].pid)
        return [process, *process.children(recursive=True)]

    def _is_session(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return self.database in " ".join(process.cmdline()[:1])
        return False

    def _is_ready(self, name: str) -> bool:
        if name != "reference":
            return super()._is_ready(name)
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.reference_port}/healthz", timeout=1).ok
        return False


@contextlib.contextmanager
def stage(*, reference: bool = False, **settings: str) -> Iterator[Stage]:
    """Run the service, on request with the reference, until the block ends."""
    with TemporaryDirectory() as folder, Stage(Path(folder), **settings) as running:
        if reference:
            running.start("reference")
        yield running


def command_line(name: str, **variables: object) -> list[str]:
    """Return the Procfile's command of a process, whose program replaces the shell."""
    (line,) = re.findall(rf"^{name}: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    path = f"PATH={BIN}:{os.environ['PATH']}"
    return ["env", path, *(f"{key}={value}" for key, value in variables.items()), "sh", "-c", line]


def spent(before: Cpu, after: Cpu) -> float:
    """Return the seconds used between the two by the processes that still run."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
