"""How the server of ``python flask_run.py`` sets up a connection."""

import socket
from types import SimpleNamespace
from typing import cast

from face_service.web.gevent_server import FaceServer, _Handler


def test_the_second_piece_of_a_response_does_not_wait_for_the_clients_acknowledgement() -> None:
    server = cast(FaceServer, SimpleNamespace(idle_seconds=20.0))
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    accepted, address = listener.accept()
    try:
        _Handler(accepted, address, server)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.gettimeout() == 20.0
    finally:
        for opened in (listener, client, accepted):
            opened.close()
