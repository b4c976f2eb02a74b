"""Beat ends when it is told to, whatever it is doing."""

import os
import signal

from django.test import SimpleTestCase

from core.celery import app


class EndTests(SimpleTestCase):
    def setUp(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        beat = app.Beat()
        self.service = beat.Service(app=app, scheduler_cls=beat.scheduler_cls)
        beat.install_sync_handler(self.service)

    def test_a_signal_ends_it_and_does_not_touch_the_schedule_from_within(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), self.assertRaises(SystemExit):
                os.kill(os.getpid(), number)
            # Building or closing it may break into the query that the signal came in.
            self.assertNotIn("scheduler", vars(self.service))
