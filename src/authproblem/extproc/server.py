"""The gRPC service of one process: external processing, the standard health service, and a graceful shutdown.

asyncio, since a stream stays open as long as the upstream takes to send its body: a thread for each would let a slow
upstream exhaust them.
"""

# pyright: reportAttributeAccessIssue=false
# Modules that protoc generates define their names when they are imported; they ship no stubs.
from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ext_proc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from authproblem._middleware.interception import Interceptor
from authproblem.extproc.config import ExtProcConfig
from authproblem.extproc.exchange import Exchange

if TYPE_CHECKING:
    from envoy.service.ext_proc.v3.external_processor_pb2 import ProcessingRequest, ProcessingResponse

_log = logging.getLogger("authproblem.extproc")

SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"
"""The name of the service for health checks, beside the empty one, which means the whole server."""

_PARENT_CHECK = 1.0
"""Seconds between two looks at whether the process that started this worker still lives."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # two processes on one port would share connections unevenly: Envoy opens few
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),  # above Envoy's buffer limit, which bounds the bodies
)


class Processor(ext_proc.ExternalProcessorServicer):  # type: ignore[misc] # generated without types
    """Serves the streams of Envoy: one for each response that its matcher lets through."""

    def __init__(self, interceptor: Interceptor) -> None:
        """Serve by the rules of an interceptor."""
        self._interceptor = interceptor

    async def Process(  # noqa: N802 - the name is the protocol's
        self, request_iterator: AsyncIterator[ProcessingRequest], context: Any
    ) -> AsyncIterator[ProcessingResponse]:
        """Reply to the messages of one stream, in order."""
        del context
        exchange = Exchange(self._interceptor)
        async for message in request_iterator:
            yield exchange.process(message)


async def serve(config: ExtProcConfig, address: str) -> None:
    """Serve one address until SIGTERM or SIGINT, then finish the messages under way.

    Args:
        config: the settings.
        address: `HOST:PORT`.

    Raises:
        OSError: where the address cannot be bound.
    """
    server, healths = await _start(config, address)
    _log.info("listening on %s", address)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    watching = asyncio.create_task(_watch_parent(stopping))
    await stopping.wait()
    watching.cancel()
    await healths.enter_graceful_shutdown()  # health checks fail from here on: Envoy sends new streams elsewhere
    await server.stop(config.grace)
    _log.info("stopped listening on %s", address)


async def _start(config: ExtProcConfig, address: str) -> tuple[grpc.aio.Server, health.HealthServicer]:
    server = grpc.aio.server(options=_OPTIONS)
    ext_proc.add_ExternalProcessorServicer_to_server(Processor(Interceptor(config.compile_options())), server)
    healths = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healths, server)
    try:
        server.add_insecure_port(address)
    except RuntimeError:
        raise OSError(f"cannot listen on {address}: it is in use, or not an address of this machine") from None
    await server.start()
    for name in ("", SERVICE):
        await healths.set(name, health_pb2.HealthCheckResponse.SERVING)
    return server, healths


async def _watch_parent(stopping: asyncio.Event) -> None:
    """Stop when the process that started this worker has ended: nothing else would end it, and its port stays taken."""
    parent = multiprocessing.parent_process()
    while parent is not None and not stopping.is_set():
        if not parent.is_alive():
            stopping.set()
        await asyncio.sleep(_PARENT_CHECK)
