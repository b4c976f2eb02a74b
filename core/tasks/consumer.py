"""A worker's consumer that survives the loss of the broker at any moment."""

import logging

from celery.worker.consumer import Consumer as CeleryConsumer

logger = logging.getLogger(__name__)


class Consumer(CeleryConsumer):
    """Celery's consumer without a fault in its handling of a lost connection."""

    def on_connection_error_after_connected(self, exc: BaseException) -> None:
        """Close the lost connection; Celery reconnects afterwards, whatever this raised.

        Celery 5.7.0 closes a connection whose parts it has already collected. If a message was not
        yet acknowledged, kombu tries to return it to Redis through that connection; the
        AttributeError ended the worker with `Unrecoverable error`. Ignoring it loses only hints,
        and the sweep covers those.
        """
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("lost the broker, with an error on closing the connection: %r", error)
            self.connection = None
