"""Runs the processes of the Procfile side by side in one terminal, and ends them together.

Each has a session of its own, and gets exactly one SIGTERM, at its main process: if a worker's
children got one too, their current tasks would be lost.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TextIO

Sink = Callable[[str], object]
GRACE_SECONDS = 8
COLOURS = (36, 33, 35, 32, 34)


def parse_procfile(file: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return {name.strip(): command.strip() for name, _, command in lines if command.strip()}


class Process:
    """One line of the Procfile, running; its errors are in its output, or go to `stderr`."""

    def __init__(
        self,
        name: str,
        command: str,
        env: dict[str, str],
        cwd: Path,
        stderr: TextIO | int = subprocess.STDOUT,
    ) -> None:
        self.name = name
        self.running = subprocess.Popen(
            [*_dies_with_us(), "sh", "-c", command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        return self.running.poll() is not None

    def pass_lines(self, sink: Sink) -> None:
        """Pass the output to `sink`, line by line, from a thread."""
        lines = self.running.stdout
        threading.Thread(target=_pass, args=[lines, sink], daemon=True).start()

    def end_the_rest(self) -> None:
        """Kill the remaining processes of its session."""
        try:
            os.killpg(self.running.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.running.wait()


def _dies_with_us() -> list[str]:
    """Make Linux end the process if its parent is killed and cannot do so itself."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


def _pass(lines: TextIO, sink: Sink) -> None:
    for line in lines:
        sink(line)


def start_all(procfile: Path, env: dict[str, str], sink_of: Callable[[str], Sink]) -> list[Process]:
    """Start the Procfile's processes; `sink_of(name)` takes the lines of that process."""
    started = []
    for name, command in parse_procfile(procfile).items():
        process = Process(name, command, env, procfile.parent)
        process.pass_lines(sink_of(name))
        started.append(process)
    return started


def terminal_sinks(names: Iterable[str]) -> Callable[[str], Sink]:
    """Return sinks that print each line after its process's name, in a colour per process."""
    names = list(names)
    width = max(map(len, names))

    def sink_of(name: str) -> Sink:
        prefix = _prefix(name.ljust(width), COLOURS[names.index(name) % len(COLOURS)])
        return partial(_print, prefix)

    return sink_of


def _print(prefix: str, line: str) -> None:
    sys.stdout.write(f"{prefix}{line}")
    sys.stdout.flush()


def _prefix(name: str, colour: int) -> str:
    return f"\033[{colour}m{name} |\033[0m " if sys.stdout.isatty() else f"{name} | "


def first_to_end(processes: list[Process]) -> Process:
    """Wait until one of the processes ends, and return it."""
    while True:
        for process in processes:
            if process.ended:
                return process
        time.sleep(0.1)


def end_all(processes: list[Process]) -> None:
    """Send SIGTERM to each, wait a little, then kill the rest."""
    for process in processes:
        process.running.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and not all(process.ended for process in processes):
        time.sleep(0.05)
    for process in processes:
        process.end_the_rest()
