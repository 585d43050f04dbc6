"""uvicorn's protocol with Nagle's algorithm off, for a server whose answers go out in several writes.

asyncio turns it off on sockets that it has opened itself. Those that uvicorn opens for several workers are left with
it, and each answer would wait about 40 ms for the client's delayed acknowledgement (measured with uvicorn 0.54).
"""

from __future__ import annotations

import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

_Base: Any = AutoHTTPProtocol  # h11's or httptools' class: which, uvicorn decides at run time


class PromptProtocol(_Base):  # type: ignore[misc]
    """What uvicorn would use by itself, and nothing held back."""

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
