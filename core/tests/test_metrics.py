"""Whose numbers a process counts: its own, whichever process it was forked from."""

import multiprocessing

from core import metrics


def name_of(process: multiprocessing.Process) -> str:
    return f"{metrics.HOST}-{process.pid}"


def test_a_forked_process_counts_under_a_name_of_its_own():
    fork = multiprocessing.get_context("fork")
    names = fork.SimpleQueue()
    process = fork.Process(target=lambda: names.put(metrics._name))
    process.start()
    process.join(10)
    assert names.get() == name_of(process)
    assert metrics._name == name_of(multiprocessing.current_process())
