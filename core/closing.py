"""How web closes its door: nobody new comes in, those who are in are answered, then it closes.

A server that closes its listener cuts off whoever the kernel has let in and nobody has greeted
yet. So for a tenth of a second the kernel lets nobody in, while those at the door are still
greeted. Who knocks then hears nothing and knocks again a second later, as TCP does: at our
successor, or at a closed door.
"""

import ctypes
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

# More than a connection takes from its first packet to its last before it is open, the distance to
# a proxy included.
GREETING_SECONDS = 0.1

# A classic BPF program (Linux, Documentation/networking/filter.rst) over a packet from its TCP
# header on: drop what has SYN among its flags, the 13th byte (RFC 9293, section 3.1), and let all
# else pass. Of each instruction: the code, how far to jump where it is true or not, and a number.
DROP_SYN = [(0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]
SO_ATTACH_FILTER = 26


def admit_nobody(listeners: Iterable[socket.socket]) -> None:
    """Have the kernel ignore whoever wants a new connection.

    Where the kernel is not Linux, or does not let us, they are cut off as by any server.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in DROP_SYN))
    option = struct.pack("HP", len(DROP_SYN), ctypes.addressof(program))
    for listener in listeners:
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, option)
