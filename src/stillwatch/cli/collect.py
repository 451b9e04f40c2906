"""``stillwatch collect``: a collector in front of the service; several of them share the load."""

from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.service_home import SettingsAt
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.service.access.doorkeeper import Doorkeeper
    from stillwatch.service.settings import ServiceSettings
    from stillwatch.web.listen import Listen
    from stillwatch.web.server import Tls

__all__ = ["collect"]


def collect(
    redis: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="STILLWATCH_REDIS",
            help="Redis that takes the exchanges; one with a password belongs into the settings.",
            show_default="collect.redis of the settings",
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Where to listen.", show_default="listen of the settings"),
    ] = None,
    replicas: Annotated[
        int, typer.Option(min=0, max=16, help="Replicas of Redis that must have an exchange before 200 is answered.")
    ] = 0,
    settings: SettingsAt = None,
) -> None:
    """Take bodies and pass them on through Redis to `stillwatch serve`, which has the same URL in its settings.

    An answer of 200 is a promise only while Redis flushes every command (appendonly yes, appendfsync always); else it
    is 202, and `/health/ready` says that Redis is degraded. Tokens are those of the database that the settings name.
    """
    from contextlib import closing

    from stillwatch.ingest import installation_salt
    from stillwatch.service.access.doorkeeper import EVERY_S, Doorkeeper
    from stillwatch.service.access.issued import Scope
    from stillwatch.service.collect.collector import CollectorOptions
    from stillwatch.service.collect.front import front_app, front_running
    from stillwatch.service.collect.redis_stream import StreamName
    from stillwatch.service.home import open_home
    from stillwatch.service.metrics import PrometheusMetrics
    from stillwatch.service.repeating import Repeating
    from stillwatch.service.settings import settings_at
    from stillwatch.service.source import ToldSource
    from stillwatch.web.ending import Ending
    from stillwatch.web.log import log_to_standard_error
    from stillwatch.web.server import server_of

    told = settings_at(settings)
    url = _url(redis, told)
    place, tls = _place(told, listen)
    metrics = PrometheusMetrics()
    options = CollectorOptions(installation_salt(), told.collect, metrics=metrics)
    log_to_standard_error("stillwatch")
    with (
        Ending() as ending,
        open_home(told, is_first=True) as home,
        front_running(url, options, metrics, StreamName(replicas=replicas)) as front,
        closing(Doorkeeper(home.engine)) as door,
        Repeating("looking", EVERY_S, door.refresh),
    ):
        app = ToldSource(front_app(front, door.door(Scope.COLLECT), door.door(Scope.METRICS)), told.trusted_proxies)
        door.refresh()
        server = server_of(app, place, tls)
        server.on_start = lambda: typer.echo("\n".join(_greeting(place, door)), err=True)
        ending.run(server, hurry=lambda: None)
    typer.echo("stopped: all that was answered is in Redis", err=True)


def _url(redis: str | None, told: "ServiceSettings") -> str:
    """Redis that takes the exchanges."""
    url = redis or told.collect.redis
    if url is None:
        message = "a collector needs a Redis: give --redis URL, or collect.redis in the settings"
        raise InvalidInput(message)
    return url


def _place(told: "ServiceSettings", listen: str | None) -> "tuple[Listen, Tls | None]":
    """Where it listens, and by which certificate; never a network in clear."""
    from stillwatch.cli.listening import check_listening
    from stillwatch.web.listen import Listen
    from stillwatch.web.server import Tls

    place = Listen.of(listen or told.listen)
    check_listening(place.host, told.tls_certificate, told.tls_key, behind_proxy=bool(told.trusted_proxies))
    tls = Tls(told.tls_certificate, told.tls_key) if told.tls_certificate and told.tls_key else None
    return place, tls


def _greeting(place: "Listen", door: "Doorkeeper") -> list[str]:
    """Where it listens, and what is missing: a database of its own, made by mistake, has no tokens."""
    lines = [f"stillwatch collects on {place.host}:{place.port}"]
    if door.n_tokens == 0:
        lines.append("nobody can log in: the database that the settings name has no tokens; is it that of the service?")
    return lines
