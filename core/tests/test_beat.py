"""Beat ends on SIGTERM, at any point of its work."""

import os
import signal
import sys
from unittest.mock import patch

from celery.beat import Scheduler
from django.test import SimpleTestCase

from core.celery import app


class SignalledInItsEnd:
    """An object whose destructor receives SIGTERM, where Python discards all exceptions."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


class EndTests(SimpleTestCase):
    def setUp(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        beat = app.Beat()
        self.service = beat.Service(app=app, scheduler_cls=beat.scheduler_cls)
        beat.install_sync_handler(self.service)

    def test_a_signal_ends_it_without_touching_the_schedule(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), self.assertRaises(SystemExit):
                os.kill(os.getpid(), number)
            # Building or closing it may interrupt the query that the signal arrived in.
            self.assertNotIn("scheduler", vars(self.service))

    def test_a_signal_that_python_discards_ends_it_after_its_round(self):
        dropped = []
        with patch.object(sys, "unraisablehook", dropped.append):
            SignalledInItsEnd()
        self.assertEqual([kind.exc_type for kind in dropped], [SystemExit])
        self.service.scheduler_cls = Scheduler
        with patch.object(self.service.scheduler, "tick", side_effect=AssertionError("it goes on")):
            self.service.start()
