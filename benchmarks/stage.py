"""The service as `make run` runs it, and the plain reference beside it on the same database."""

import re
import shlex
from pathlib import Path

import psutil

from tests.service import BIN, ROOT, Service, free_port, wait_until

# Every pointer of a benchmark logs on and sends from one address, faster than any hand.
NO_LIMITS = {"BATCHES_PER_MINUTE": "100000000", "EVENTS_PER_MINUTE": "100000000000"}


def command_line(name: str, **variables: object) -> list[str]:
    """Return the Procfile's command of a process, with its variables set."""
    lines = (ROOT / "Procfile").read_text()
    (line,) = re.findall(rf"^{name}: exec (.*)$", lines, re.MULTILINE)
    for variable, value in variables.items():
        line = line.replace(f"${variable}", str(value))
    program, *arguments = shlex.split(line)
    return [str(BIN / program), *arguments]


class Stage(Service):
    """The service's processes by the Procfile, and `reference`: the plain project's web server."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **NO_LIMITS, SWEEP_SECONDS="5", **settings)
        self.reference_port = free_port()
        self.commands["web"] = command_line("web", PORT=self.port)
        self.commands["worker"] = command_line("worker")
        reference = command_line("web", PORT=self.reference_port)
        self.commands["reference"] = [
            "env",
            "DJANGO_SETTINGS_MODULE=benchmarks.reference.settings",
            *reference,
        ]

    def cpu_seconds(self, *names: str) -> float:
        """Return what processes and all their children have used so far."""
        trees = [self._tree(name) for name in names]
        return sum(sum(process.cpu_times()[:2]) for tree in trees for process in tree)

    def memory_bytes(self, *names: str) -> int:
        """Return the memory that belongs to processes and their children (PSS, or RSS of one)."""
        return sum(process.memory_full_info().pss for name in names for process in self._tree(name))

    def wait_for_the_drain(self, seconds: float = 60) -> None:
        """Wait until nothing waits for the first rung."""
        wait_until(self.is_rolled_up, seconds=seconds, what="the outbox is empty")

    def _tree(self, name: str) -> list[psutil.Process]:
        process = psutil.Process(self.processes[name].pid)
        return [process, *process.children(recursive=True)]
