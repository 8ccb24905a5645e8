"""Connecting, on aiohttp: when a call got its connection, and whether it had to be made."""

from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from gateway.aggregation.record import note


class NotingConnector(aiohttp.TCPConnector):
    """Notes ``connecting`` where a connection is made, and ``connected`` once there is one."""

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """Return a connection, one that lay ready or a new one."""
        connection = await super().connect(*args, **kwargs)
        note("connected")
        return connection

    async def _create_connection(self, *args: Any, **kwargs: Any) -> ResponseHandler:
        note("connecting")
        return await super()._create_connection(*args, **kwargs)
