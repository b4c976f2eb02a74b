"""Beat ends by a signal, wherever that falls."""

import os
import signal
import sys

import pytest
from celery.beat import Scheduler, Service

from core.beat import Beat
from core.celery import app


class SignalledInItsEnd:
    """An object in whose destructor SIGTERM falls, where Python drops all exceptions."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
def service():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    service = Service(app, scheduler_cls=Scheduler)
    Beat(app=app).install_sync_handler(service)
    yield service
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_signal_ends_beat_at_once(service):
    with pytest.raises(SystemExit):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_that_python_drops_ends_beat_with_its_round(service, monkeypatch):
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    SignalledInItsEnd()
    assert [kind.exc_type for kind in dropped] == [SystemExit]
    monkeypatch.setattr(service.scheduler, "tick", lambda: pytest.fail("Beat goes on"))
    service.start()
