"""The worker's consumer goes on whatever closing a lost connection raises."""

from unittest.mock import patch

from celery.worker.consumer import Consumer as CeleryConsumer
from django.test import SimpleTestCase

from core.celery import app
from core.consumer import Consumer


class LostConnectionTests(SimpleTestCase):
    def test_an_error_on_closing_a_lost_connection_does_not_end_the_worker(self):
        consumer = object.__new__(Consumer)
        consumer.connection = object()
        fault = AttributeError("'NoneType' object has no attribute 'hostname'")
        name = "on_connection_error_after_connected"
        with patch.object(CeleryConsumer, name, side_effect=fault), self.assertLogs("core"):
            consumer.on_connection_error_after_connected(ConnectionResetError())
        self.assertIsNone(consumer.connection)

    def test_the_worker_takes_it(self):
        self.assertEqual(app.conf.worker_consumer, "core.consumer:Consumer")
