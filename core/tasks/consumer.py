"""The worker's consumer: it outlives a broker that goes away at any moment."""

import logging

from celery.worker.consumer import Consumer as CeleryConsumer

logger = logging.getLogger(__name__)


class Consumer(CeleryConsumer):
    """Celery's own, but for a fault in how it lets go of a lost connection."""

    def on_connection_error_after_connected(self, exc: BaseException) -> None:
        """Let go of the lost connection; Celery connects again after this, whatever it raised.

        Celery 5.7.0 closes a connection whose parts it has already collected. Where a message was
        not yet acknowledged, kombu wants to give it back to Redis by that connection, an
        AttributeError, and the worker ended as `Unrecoverable error`. Nothing is lost without it:
        hints may be, and the sweep stands in.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("lost the broker, and something on closing the connection: %r", error)
            self.connection = None
