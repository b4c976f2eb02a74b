"""The worker's consumer: it outlives a broker that goes away at any moment."""

import logging

from celery.worker.consumer import Consumer as CeleryConsumer

logger = logging.getLogger(__name__)


class Consumer(CeleryConsumer):
    """Celery's own, but for a fault in how it lets go of a lost connection."""

    def on_connection_error_after_connected(self, exc: BaseException) -> None:
        """Let go of the lost connection; Celery connects again after this, whatever it raised.

        Celery 5.7.0 closes a connection that it has collected before (`connection.collect`, then
        `connection.close`). kombu 5.7 then restores an unacknowledged message through a transport
        without a client, which is an AttributeError, and the worker ends as `Unrecoverable error`.
        The message is a hint, which the sweep replaces. core/tests/test_upstream_faults.py fails
        once this is mended upstream.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("lost the broker, and something on closing the connection: %r", error)
            self.connection = None
