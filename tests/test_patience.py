"""Tests can be run by whatever starts them, and none waits for ever."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.checkout import ROOT
from tests.patience import ended_after, wait_until

SHOW = "import signal; print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP))"
DEFAULTS = "<built-in function default_int_handler> 0"
CHILD = f"""
import subprocess, sys
from tests.patience import give_children_default_signals
if "tests" in sys.argv:
    give_children_default_signals()
subprocess.run([sys.executable, "-c", {SHOW!r}], check=True)
"""


def ignore_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("words", "shown"), [((), "1 1"), (("tests",), DEFAULTS)], ids=["another", "tests"]
)
def test_what_a_test_starts_reacts_to_signals_also_in_a_job_that_ignores_them(
    words: tuple[str, ...], shown: str
) -> None:
    told = subprocess.check_output(
        [sys.executable, "-c", CHILD, *words],
        cwd=ROOT,
        preexec_fn=ignore_signals,
        text=True,
        timeout=60,
    )
    assert told.strip().replace("Handlers.SIG_IGN", "1").replace("Handlers.SIG_DFL", "0") == shown


def test_these_tests_give_default_signals() -> None:
    told = subprocess.check_output([sys.executable, "-c", SHOW], text=True, timeout=60)
    assert told.strip().replace("Handlers.SIG_DFL", "0") == DEFAULTS


def test_a_wait_without_an_end_is_ended_and_says_where_it_was() -> None:
    silent, _ = os.pipe()
    began = time.monotonic()
    fault = "this test waits for this line"
    with pytest.raises(AssertionError, match=fault) as raised, ended_after(0.2, "this test"):
        os.read(silent, 1)
    assert time.monotonic() - began < 10
    assert any("os.read(silent, 1)" in str(entry.statement) for entry in raised.traceback)


def test_a_wait_with_an_end_says_what_it_waited_for() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.1 s: .*wait_until\(lambda: 1 > 2"):
        wait_until(lambda: 1 > 2, 0.1)
