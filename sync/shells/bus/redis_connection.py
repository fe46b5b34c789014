"""Connections to Redis: over TCP, TLS or a socket file, to Sentinel's master, to a cluster.

The only module that knows redis-py, and of that only its connections: protocol, TLS and login. What
its clients add on top (pools, retries, a silent new connection under a subscription) would hide
that messages were lost. RESP2, because then everything that arrives on a connection is an answer.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from typing import Any, Final

from redis.asyncio import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import RedisError

from sync.shells.bus.redis_url import Node, RedisUrl

LOST: Final = (RedisError, OSError)
"""The errors of a connection that cannot be made or used any more, time-outs included."""

Command = tuple[str | bytes, ...]


class RedisConnection:
    """One connection; it is never made again, only closed."""

    __slots__ = ("_raw", "_writer")

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, *command: str, timeout_s: float) -> Any:
        """Connect if that is yet to be done, send a command and return its answer.

        Only while nothing else is sent or received. Whatever is raised, it is then closed.

        Raises:
            one of `LOST`: not reached, refused, or no answer in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                if self._writer is None:
                    await self._raw.connect()
                    self._writer = self._raw._writer
                await self.send([command])
                return await self._raw.read_response(disable_decoding=True)
        except BaseException:
            await self.close()
            raise

    async def send(self, commands: Sequence[Command]) -> None:
        """Send commands; waits while Redis takes no more. Cancelling leaves it unusable.

        Raises:
            one of `LOST`
        """
        if not self._raw.is_connected:
            # Otherwise redis-py would connect anew, and nobody would know.
            raise ConnectionResetError("the connection is closed")
        packed = self._raw.pack_commands(commands)
        await self._raw.send_packed_command(packed, check_health=False)

    async def receive(self, timeout_s: float) -> Any:
        """Return the next answer or message, its strings as bytes; None if none came in time.

        Raises:
            one of `LOST`; an error that Redis answers is among them.
        """
        return await self._raw.read_response(
            disable_decoding=True, timeout=timeout_s, disconnect_on_error=False
        )

    async def close(self) -> None:
        """Close it at once; does not wait.

        What is not written yet is thrown away: a Redis that hangs would never take it.
        """
        if self._writer is not None:
            self._writer.transport.abort()
        await self._raw.disconnect(nowait=True)


class Dialer:
    """A maker of connections to the Redis of a URL.

    Args:
        timeout_s: the time limit for one host to accept a connection and answer.
    """

    def __init__(self, url: RedisUrl, *, timeout_s: float) -> None:
        self._url = url
        self._timeout_s = timeout_s

    async def dial(self) -> RedisConnection:
        """Return a new connection on which Redis has answered.

        Raises:
            one of `LOST`
        """
        if self._url.path:
            return await self._first_that_answers([self._to_socket()])
        if self._url.service:
            return await self._dial_master()
        # In a cluster, a message reaches the subscribers at every node, so any node will do; a
        # random one, so that processes spread over them.
        nodes = random.sample(self._url.nodes, len(self._url.nodes))
        return await self._first_that_answers(map(self._to_server, nodes))

    async def _first_that_answers(self, connections: Iterable[RedisConnection]) -> RedisConnection:
        failure: Exception = ConnectionError("there is no host")
        for connection in connections:
            try:
                await connection.ask("PING", timeout_s=self._timeout_s)
            except LOST as error:
                failure = error
            else:
                return connection
        raise failure

    async def _dial_master(self) -> RedisConnection:
        connection = self._to_server(await self._find_master())
        role = await connection.ask("ROLE", timeout_s=self._timeout_s)
        if role[0] != b"master":
            # What is published at a replica stays there. Redis' guide for Sentinel clients asks
            # for this check: a Sentinel may not know of a failover yet.
            await connection.close()
            raise ConnectionError("Sentinel names a Redis that is not the master")
        return connection

    async def _find_master(self) -> Node:
        failure: Exception = ConnectionError("no Sentinel knows the service")
        for node in self._url.nodes:
            sentinel = self._to_sentinel(node)
            try:
                address = await sentinel.ask(
                    *("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._url.service),
                    timeout_s=self._timeout_s,
                )
            except LOST as error:
                failure = error
                continue
            await sentinel.close()
            if address is not None:
                return address[0].decode(), int(address[1])
        raise failure

    # --- connections of redis-py, which do nothing before `connect` -----------------------------

    def _to_server(self, node: Node) -> RedisConnection:
        return self._to_node(node, self._login())

    def _to_sentinel(self, node: Node) -> RedisConnection:
        username, password = self._url.sentinel_username, self._url.sentinel_password
        return self._to_node(node, {"username": username or None, "password": password or None})

    def _to_node(self, node: Node, login: dict[str, Any]) -> RedisConnection:
        host, port = node
        arguments = {"host": host, "port": port, **login, **self._shared()}
        if self._url.is_tls:
            arguments.update(self._url.tls_options)
            return RedisConnection(SSLConnection(**arguments))
        return RedisConnection(Connection(**arguments))

    def _to_socket(self) -> RedisConnection:
        arguments = {"path": self._url.path, **self._login(), **self._shared()}
        return RedisConnection(UnixDomainSocketConnection(**arguments))

    def _login(self) -> dict[str, Any]:
        return {
            "username": self._url.username or None,
            "password": self._url.password or None,
            "client_name": self._url.client_name or None,
        }

    def _shared(self) -> dict[str, Any]:
        return {
            "protocol": 2,
            # It would send commands that a user of Redis with few rights may not use.
            "driver_info": None,
            # Every wait has its own time limit here.
            "socket_timeout": None,
            "socket_connect_timeout": self._timeout_s,
        }
