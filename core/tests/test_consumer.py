"""The worker survives a lost connection, and ends in time on request."""

import time
from multiprocessing import Value
from unittest.mock import patch

import billiard.pool
from celery.worker.consumer import Consumer as CeleryConsumer
from django.test import SimpleTestCase

from core.celery import app
from core.tasks.consumer import Consumer
from core.tasks.stopping import end_in_time


class LostConnectionTests(SimpleTestCase):
    def test_an_error_on_closing_a_lost_connection_does_not_end_the_worker(self):
        consumer = object.__new__(Consumer)
        consumer.connection = object()
        fault = AttributeError("'NoneType' object has no attribute 'hostname'")
        name = "on_connection_error_after_connected"
        with patch.object(CeleryConsumer, name, side_effect=fault), self.assertLogs("core"):
            consumer.on_connection_error_after_connected(ConnectionResetError())
        self.assertIsNone(consumer.connection)

    def test_the_worker_uses_our_consumer(self):
        self.assertEqual(app.conf.worker_consumer, "core.tasks.consumer:Consumer")


class EndTests(SimpleTestCase):
    def test_a_child_does_not_wait_long_for_uncounted_results(self):
        child = object.__new__(billiard.pool.Worker)
        child.on_ready_counter = Value("i", 0)
        limit = billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT
        with patch.object(billiard.pool, "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT", limit):
            end_in_time()
            began = time.monotonic()
            self.assertFalse(child._ensure_messages_consumed(completed=1))
        self.assertLess(time.monotonic() - began, 10)
