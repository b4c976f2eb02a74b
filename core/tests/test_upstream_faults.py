"""Faults of libraries that code of ours goes round. Where one of these fails, that code can go."""

import os
import signal
from multiprocessing import Value
from types import SimpleNamespace
from unittest.mock import Mock, patch

import billiard.pool
import redis
from celery.apps.beat import Beat
from celery.worker.consumer import Consumer
from django.test import SimpleTestCase

from core.celery import app

LOST = redis.ConnectionError("Redis is away")
QUEUE = "of a test of core/tasks/consumer.py"


class CeleryConsumerTests(SimpleTestCase):
    """core/tasks/consumer.py: kombu 5.7 restores messages after it has let go of the transport."""

    def setUp(self):
        self.connection = app.connection_for_read()
        self.addCleanup(redis.Redis.from_url(app.conf.broker_url).delete, QUEUE)

    def test_a_connection_that_is_lost_with_a_message_unacknowledged_raises_attribute_error(self):
        queue = self.connection.SimpleQueue(QUEUE)
        queue.put("a message")
        queue.get(timeout=5)
        channels = [self.connection.default_channel, self.connection.channel()]
        with patch.multiple(
            redis.Connection,
            read_response=Mock(side_effect=LOST),
            connect=Mock(side_effect=LOST),
        ):
            for channel in channels:
                # As while it waits in BRPOP.
                lost = channel.client.connection_pool.connection_class(port=1)
                channel.client.connection = channel._in_poll = lost
            with self.assertRaisesRegex(AttributeError, "'hostname'"):
                self.consumer().on_connection_error_after_connected(ConnectionResetError())

    def consumer(self):
        consumer = object.__new__(Consumer)
        consumer.app, consumer.connection, consumer.qos_global = app, self.connection, False
        consumer.pool, consumer.prefetch_multiplier = SimpleNamespace(num_processes=1), 1
        return consumer


class CeleryBeatTests(SimpleTestCase):
    """core/tasks/beat.py: Celery 5.7 saves the schedule within the signal's handler."""

    def test_a_signal_saves_the_schedule_wherever_it_comes(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        service = Mock()
        Beat.install_sync_handler(object.__new__(Beat), service)
        with self.assertRaises(SystemExit):
            os.kill(os.getpid(), signal.SIGTERM)
        service.sync.assert_called_once_with()


class BilliardTests(SimpleTestCase):
    """core/tasks/stopping.py: a child of billiard 4 waits 30 s for an uncounted result."""

    def test_a_child_that_ends_waits_half_a_minute(self):
        child = object.__new__(billiard.pool.Worker)
        child.on_ready_counter = Value("i", 0)
        with patch.object(billiard.pool.time, "sleep") as sleep:
            self.assertFalse(child._ensure_messages_consumed(completed=1))
        seconds = sum(call.args[0] for call in sleep.call_args_list)
        self.assertAlmostEqual(seconds, 30)
