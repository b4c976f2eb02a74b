"""What a web process does as it starts and ends, which its server tells it (ASGI's lifespan)."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process

from core.web.message_framing import Receive, Send


async def live(receive: Receive, send: Send, *, at_end: Callable[[], None]) -> None:
    """Live until the server ends; `at_end` is called when the last request has been answered.

    It takes the place of `atexit`: uvicorn ends by the signal that it was sent.
    """
    await receive()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    at_end()
    await send({"type": "lifespan.shutdown.complete"})


def _end_with_parent() -> None:
    """End where the supervisor of several processes was killed; uvicorn would go on without."""
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
