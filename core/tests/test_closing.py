"""A door that is shut: who is inside is served, who comes new is not heard."""

import socket

import pytest

from core.closing import admit_nobody


def test_who_is_at_the_door_is_greeted_and_who_comes_later_is_not_heard():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address, timeout=5) as early:
            admit_nobody([listener])
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.3)
            early.sendall(b"hello")
            line, _ = listener.accept()
            with line:
                line.settimeout(5)
                assert line.recv(100) == b"hello"
    # Only then is the door closed, for all to see.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
