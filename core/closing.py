"""How web closes its door: nobody new comes in, those who are in are answered, then it closes.

granian closes its listener the moment that it is told to stop, and whoever the kernel has let in
and nobody has greeted yet is cut off. So for a tenth of a second the kernel lets nobody in, while
those at the door are still greeted. Who knocks then hears nothing and knocks again a second later,
as TCP does: at our successor, or at a closed door.
"""

import asyncio
import ctypes
import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from granian import _signals
from granian._granian import WorkerSignal

# More than a connection takes from its first packet to its last before it is open, the distance to
# a proxy included.
GREETING_SECONDS = 0.1

# A classic BPF program (Linux, Documentation/networking/filter.rst) over a packet from its TCP
# header on: drop what has SYN among its flags, the 13th byte (RFC 9293, section 3.1), and let all
# else pass. Of each instruction: the code, how far to jump where it is true or not, and a number.
DROP_SYN = [(0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]
SO_ATTACH_FILTER = 26

_end_at_once = _signals.set_loop_signals


def install() -> None:
    """Have the granian process that this is end like that."""
    _signals.set_loop_signals = _end_in_order


def _end_in_order(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    ending: WorkerSignal = _end_at_once(loop)  # type: ignore[no-untyped-call]

    def end() -> None:
        # Where the kernel is not Linux, or does not let us, the end is granian's own.
        with suppress(OSError):
            admit_nobody()
        loop.call_later(GREETING_SECONDS, ending.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    return ending


def admit_nobody() -> None:
    """Have the kernel ignore whoever wants a new connection to this process."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in DROP_SYN))
    option = struct.pack("HP", len(DROP_SYN), ctypes.addressof(program))
    for listener in _listeners():
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, option)


def _listeners() -> Iterator[socket.socket]:
    """The process's listening sockets; granian, which made them, has no way to ask for them."""
    for path in Path("/proc/self/fd").iterdir():
        if not path.is_socket():
            continue
        with socket.socket(fileno=os.dup(int(path.name))) as copy:
            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                yield copy
