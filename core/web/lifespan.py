"""The start and end of a web process, which its server announces (ASGI's lifespan)."""

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process

from core.web.message_framing import Receive, Send


async def live(receive: Receive, send: Send, *, at_end: Callable[[], None]) -> None:
    """Run until the server stops; `at_end` is called once the last request has been answered.

    It replaces `atexit`, because uvicorn ends by the signal that it received.
    """
    await receive()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    at_end()
    await send({"type": "lifespan.shutdown.complete"})


def _end_with_parent() -> None:
    """Stop if the supervisor of several processes was killed; uvicorn would run on without it."""
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
