"""`manage.py verify_rollups` as a process beside a running service: exit code and output."""

import contextlib
import os
import pty
import subprocess
import sys
import termios

from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import ROOT, Service

SPOIL = """
update dashboard_pointerstatus s set moving_time = 77 from dashboard_browser b
where b.id = s.browser_id and b.instance_id = %s
"""


def verify(service: Service, *arguments: str, **more: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "verify_rollups", *arguments],
        cwd=ROOT,
        text=True,
        timeout=60,
        **{
            # A repair's drains would add log lines.
            "env": {**service.environment, "LOG_LEVEL": "WARNING"},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **more,
        },
    )


def test_a_difference_is_an_exit_code_until_it_is_repaired(service: Service) -> None:
    pointer = Pointer(service)
    pointer.send(*range(20))
    wait_until(service.is_rolled_up)
    mine = ("--browser", pointer.instance_id)
    right = verify(service, *mine)
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout.endswith("statuses compared: all are right\n")

    service.sql(SPOIL, (pointer.instance_id,))
    for arguments in (mine, (*mine, "--repair")):
        wrong = verify(service, *arguments)
        assert (wrong.returncode, wrong.stderr) == (1, ""), wrong
        assert f"{pointer.instance_id} 1s " in wrong.stdout
        assert " moving_time: stored 77.0, should be " in wrong.stdout
    assert verify(service, *mine).returncode == 0


def test_progress_is_shown_on_a_terminal_and_kept_out_of_the_output(service: Service) -> None:
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    pointer = Pointer(service)
    pointer.send(*range(20))
    done = verify(service, "--browser", pointer.instance_id, stderr=terminal)
    os.close(terminal)
    with os.fdopen(master, "rb", 0) as screen, contextlib.suppress(OSError):
        shown = b""
        while chunk := screen.read(4096):
            shown += chunk
    for rung in (b"1s", b"10s", b"1m", b"1h"):
        assert rung + b": 100%|" in shown
    assert done.stdout.count("\n") == 1


def test_a_check_that_failed_differs_from_a_difference(service: Service) -> None:
    nobody = verify(service, "--browser", "00000000-0000-0000-0000-000000000000")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "no such instance" in nobody.stderr
    away = verify(
        service, env={**service.environment, "DATABASE_URL": "postgres://x@127.0.0.1:1/none"}
    )
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr.startswith("CommandError: the check did not finish: ")
