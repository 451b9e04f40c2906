"""A Redis stream in front: collectors add parcels to it, one process takes them to its disk.

What an answer says depends on how Redis is set up, which is looked up with every group of parcels that is added:

- ``appendonly yes`` and ``appendfsync always``: 200. Redis flushed it to its disk before it answered; neither a kill
  nor a power cut takes it. With `StreamName.replicas` above 0 it is 202 unless so many replicas have it too: then the
  loss of the machine does not take it either, as long as one of those takes over.
- ``appendfsync everysec`` or ``no``: 202. A power cut takes the last second, or more; a kill of Redis alone takes none.
- ``appendonly no``: 202. Whatever stops Redis takes all that waits.
- ``maxmemory-policy allkeys-...``: 202. Redis may throw the stream away when its memory is full.
- CONFIG GET is not allowed: 202. Nobody can tell.

OTLP knows no 202; its senders are answered 200, and what Redis is good for is told in the health of the front. What is
in the journal behind was flushed there. Whoever may write to Redis may write exchanges: it belongs inside.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.collect.parcel import Parcel, packed

__all__ = ["PARCEL", "Added", "RedisStream", "Standing", "StreamName", "checked_stream", "connected"]

PARCEL: Final = b"parcel"
_SOCKET_S: Final = 10.0
_REPLICAS_MS: Final = 5_000
_NAMING: Final = b"stillwatch: the salt of a stream of exchanges"


@dataclass(frozen=True, slots=True)
class StreamName:
    """Which stream, and how much may wait in it.

    most_waiting, most_bytes    Parcels, and memory that Redis uses for them; more are answered 429.
    replicas    That must have a parcel before its sender is told 200.
    idle_s      After so long a parcel that another writer took and did not finish is taken over.
    """

    stream: str = "stillwatch:exchanges"
    group: str = "stillwatch"
    most_waiting: int = 100_000
    most_bytes: int = 1 << 30
    replicas: int = 0
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How the stream stands.

    size_bytes  Memory that Redis uses for it; 0 when it does not say.
    problem     Why what is added may be lost; None when it is not.
    """

    n_waiting: int
    size_bytes: int
    problem: str | None

    def is_full(self, name: StreamName) -> bool:
        """Whether more are sent away."""
        return self.n_waiting >= name.most_waiting or self.size_bytes >= name.most_bytes


@dataclass(frozen=True, slots=True)
class Added:
    """What became of some parcels.

    refused     Of each parcel: why Redis did not take it, the name of an error; None when it did.
    is_durable  Those that it took are as safe as was asked for.
    """

    refused: tuple[str | None, ...]
    standing: Standing
    is_durable: bool


def connected(url: str) -> Any:  # noqa: ANN401 - the client's types differ between its versions
    """Client of a URL; nothing is asked yet.

    Raises  InvalidInput when it is none; the URL is not repeated, as it may hold a password.
    """
    try:
        return redis.Redis.from_url(url, socket_timeout=_SOCKET_S, socket_connect_timeout=_SOCKET_S)
    except (ValueError, redis.RedisError) as error:
        message = "a Redis URL must look like redis://HOST:PORT/0"
        raise InvalidInput(message) from error


class RedisStream:
    """The stream as those see it who add to it; safe under threads.

    Every method raises RedisError when Redis does not answer; then it is not known what was added.
    """

    def __init__(self, url: str, name: StreamName) -> None:
        self._client, self._name = connected(url), name

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def stand(self) -> Standing:
        """How it stands."""
        return self.add(()).standing

    def add(self, parcels: Sequence[Parcel]) -> Added:
        """Add parcels, in one exchange with Redis.

        How Redis is set up is asked behind them on the same connection: it held when they were flushed.
        """
        name, pipe = self._name, self._client.pipeline(transaction=False)
        for parcel in parcels:
            pipe.xadd(name.stream, {PARCEL: packed(parcel)})
        pipe.xlen(name.stream)
        pipe.memory_usage(name.stream)
        pipe.config_get("append*")
        pipe.config_get("maxmemory*")
        if name.replicas and parcels:
            pipe.wait(name.replicas, _REPLICAS_MS)
        told = pipe.execute(raise_on_error=False)
        refused = tuple(type(one).__name__ if isinstance(one, Exception) else None for one in told[: len(parcels)])
        n_waiting, size_bytes, log, memory, *replicas = told[len(parcels) :]
        if isinstance(n_waiting, Exception):
            raise n_waiting
        standing = Standing(n_waiting, size_bytes if isinstance(size_bytes, int) else 0, _problem(log, memory))
        is_copied = all(isinstance(n, int) and n >= name.replicas for n in replicas)
        return Added(refused, standing, is_durable=standing.problem is None and is_copied)

    def check_salt(self, salt: bytes) -> None:
        """Be sure that all who use the stream hide secrets with one salt; the first one to come says which.

        With different salts one account would be several. What is kept in Redis says nothing about the salt.

        Raises  InvalidInput when another one was there first.
        """
        name, mine = f"{self._name.stream}:salt", hmac.digest(salt, _NAMING, hashlib.sha256)
        self._client.set(name, mine, nx=True)
        if not hmac.compare_digest(self._client.get(name) or b"", mine):
            message = (
                "collectors of one stream must have one salt, this one has another: "
                "copy the salt of `stillwatch serve` and name it in STILLWATCH_SALT"
            )
            raise InvalidInput(message)


def checked_stream(url: str, name: StreamName, salt: bytes) -> None:
    """Be sure that a Redis is there and that the salt is the stream's.

    Raises  InvalidInput as `RedisStream.check_salt`; UnreadableSource when Redis does not answer.
    """
    stream = RedisStream(url, name)
    try:
        stream.check_salt(salt)
    except redis.RedisError as error:
        message = f"Redis does not answer: {type(error).__name__}"
        raise UnreadableSource(message) from error
    finally:
        stream.close()


def _problem(log: object, memory: object) -> str | None:
    """Why what Redis has answered may be lost."""
    if not isinstance(log, dict) or not isinstance(memory, dict):
        return "Redis does not say whether it flushes: CONFIG GET is not allowed"
    if log.get("appendonly") != "yes":
        return "Redis keeps nothing when it stops: set appendonly yes and appendfsync always"
    if log.get("appendfsync") != "always":
        return f"Redis flushes later than it answers: set appendfsync always, it is {log.get('appendfsync')}"
    if memory.get("maxmemory") != "0" and str(memory.get("maxmemory-policy")).startswith("allkeys"):
        return "Redis throws away what waits when its memory is full: set maxmemory-policy noeviction"
    return None
