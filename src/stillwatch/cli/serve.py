"""``stillwatch serve``: collect, watch, decide, hear appeals, until told to end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import SettingsAt
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.service.running import Service

__all__ = ["serve"]

Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Play simulated days through a service of its own, print what happens, end.")
]
RehearsalOut = Annotated[
    Path | None, typer.Option(help="With --rehearse: new or empty folder for all of it.", show_default="kept nowhere")
]
RehearsalSize = Annotated[int | None, typer.Option(min=40_000, help="With --rehearse: how many.", show_default="60000")]
RehearsalSeed = Annotated[
    int | None, typer.Option(min=0, help="With --rehearse: all that is random follows.", show_default="7")
]

_SWITCH_S = 0.0005
"""A decision waits for the interpreter so long, at most, each time that a body is being parsed beside it."""


def serve(
    settings: SettingsAt = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where everything is kept; made at first use.", show_default="stillwatch-service"),
    ] = None,
    listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where to listen.", show_default="127.0.0.1:8470")
    ] = None,
    *,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="Log a line for each request, too.")] = False,
    rehearse: Rehearse = False,
    out: RehearsalOut = None,
    exchanges: RehearsalSize = None,
    seed: RehearsalSeed = None,
    as_json: AsJson = False,
) -> None:
    """Run the service beside a gateway: collector, detection, decisions, appeals."""
    if rehearse:
        from stillwatch.cli.serve_rehearsal import rehearsed

        rehearsed(out, exchanges, seed, as_json=as_json)
        return
    if out is not None or exchanges is not None or seed is not None or as_json:
        message = "--out, --exchanges, --seed and --json are of --rehearse"
        raise InvalidInput(message)
    import logging
    import sys
    from dataclasses import replace

    from stillwatch.cli.listening import check_listening
    from stillwatch.console.assembling import routes_beside
    from stillwatch.service.app import LOG
    from stillwatch.service.home import open_home
    from stillwatch.service.serving import serving
    from stillwatch.service.settings import settings_at
    from stillwatch.web.ending import Ending
    from stillwatch.web.listen import Listen
    from stillwatch.web.log import log_to_standard_error
    from stillwatch.web.open_files import allow_connections
    from stillwatch.web.server import Tls, server_of

    told = settings_at(settings)
    told = replace(told, folder=folder or told.folder, listen=listen or told.listen)
    place = Listen.of(told.listen)
    tls = Tls(told.tls_certificate, told.tls_key) if told.tls_certificate and told.tls_key else None
    check_listening(place.host, told.tls_certificate, told.tls_key, behind_proxy=bool(told.trusted_proxies))
    sys.setswitchinterval(_SWITCH_S)
    allow_connections()
    log_to_standard_error("stillwatch")
    logging.getLogger(LOG).setLevel(logging.INFO if log_requests else logging.WARNING)
    with (
        Ending() as ending,
        open_home(told, is_first=True) as home,
        serving(home, beside=routes_beside) as (service, app),
    ):
        server = server_of(app, place, tls)
        server.on_start = lambda: typer.echo("\n".join(_greeting(service, is_named=folder is not None)), err=True)
        ending.run(server, hurry=service.ticker.kill)
    typer.echo("stopped: all that was taken is on the disk, all that was decided is recorded", err=True)


def _greeting(service: "Service", *, is_named: bool) -> list[str]:
    """Where it listens, and what is still to be done before it is of use.

    is_named    The folder was named on the command line, where no other command looks for it.
    """
    from stillwatch.service.access.sessions import is_living

    told = service.home.settings
    lines = [f"stillwatch serves on {told.listen}, in {told.folder}"]
    if is_named:
        lines.append("other commands find this service only by settings with the same folder: --settings FILE")
    if service.doorkeeper.n_tokens == 0:
        lines.append("no gateway can log in yet: stillwatch token add NAME --scope collect --scope decide --by YOU")
    with service.home.engine.begin() as connection:
        if not is_living(connection):
            lines.append("nobody can log in to the console yet: stillwatch user add NAME --role admin --by NAME")
        else:
            lines.append(f"the console is at {told.console_url}/console")
    active = service.deciding.in_force()
    if active is None:
        lines.append("no policy is in force, everything is observed: stillwatch policy --help")
    else:
        lines.append(f"policy {active.policy.name} ({active.policy.version[:12]}) is in force at {active.stage:.0%}")
    return lines
