"""Put a console together: beside a service that runs, or over the result of one scan."""

import contextlib
import getpass
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from stillwatch.act.policy.people import person
from stillwatch.console.access.entry import EntryKey
from stillwatch.console.access.login import Login
from stillwatch.console.access.oidc_pages import OidcPages, oidc_login
from stillwatch.console.console import Console
from stillwatch.console.door import Door
from stillwatch.console.routes import console_routes
from stillwatch.console.shelf import Shelf
from stillwatch.errors import InvalidInput, StillwatchError
from stillwatch.ingest.sources import STDIN, expand
from stillwatch.service.access.passwords import fresh_password
from stillwatch.service.access.roles import Role
from stillwatch.service.access.users import Users, users_of
from stillwatch.service.cases import note_findings
from stillwatch.service.home import Home, open_home
from stillwatch.service.partner.member import node_of
from stillwatch.service.running import Service
from stillwatch.service.settings import ServiceSettings
from stillwatch.store.database import reading
from stillwatch.web.answers import HANDLERS
from stillwatch.web.headers import SafeHeaders
from stillwatch.web.log import RequestLog

__all__ = ["Opened", "console_over", "routes_beside"]

_LOG: Final = "stillwatch.requests"
_FOLDER: Final = "console"
_ANYBODY: Final = "analyst"


@dataclass(frozen=True, slots=True)
class Opened:
    """A console over one scan.

    entry       What opens it.
    """

    console: Console
    app: Starlette
    entry: EntryKey


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def routes_beside(service: Service, clock: Callable[[], datetime] = _now) -> Iterator[Sequence[BaseRoute]]:
    """Routes of the console for the application of a service that runs.

    clock   Time of all that is done there.
    """
    home = service.home
    console = Console(
        home=home,
        shelf=Shelf(home.findings),
        logs=(home.traffic,),
        status=service.status,
        node=node_of(home.settings.member),
        clock=clock,
    )
    oidc, login = oidc_login(home.settings.console), Login(console)
    with _doors(console) as door:
        yield console_routes(door, login, None if oidc is None else OidcPages(login, oidc))


@contextmanager
def console_over(folder: Path, logs: Sequence[str | Path] = (), port: int = 0) -> Iterator[Opened]:
    """A console over the findings of a scan, for the person who starts it.

    Notes, cases and previews are kept in a database of its own inside the folder.

    folder      As `stillwatch scan --out` left it.
    logs        What was scanned, so that single exchanges can be looked at; without it they cannot.
    Raises      MissingData when there are no findings; UnreadableSource when there are no such logs; as `open_home`.
    """
    shelf = Shelf(folder)
    shelf.head()
    _check_logs(logs)
    settings = replace(ServiceSettings(), folder=folder / _FOLDER, public_url=f"http://127.0.0.1:{port}")
    with open_home(settings, is_first=True) as home:
        name = _who(home)
        note_findings(home.engine, home.trail, folder, datetime.now(UTC))
        console = Console(home=home, shelf=shelf, logs=tuple(logs), is_local=True)
        entry = EntryKey(name)
        with _doors(console) as door:
            routes = list(console_routes(door, Login(console, entry)))
            middleware = [Middleware(RequestLog, _LOG), Middleware(SafeHeaders)]
            app = Starlette(routes=routes, middleware=middleware, exception_handlers=HANDLERS)
            app.router.redirect_slashes = False
            yield Opened(console, app, entry)


@contextmanager
def _doors(console: Console) -> Iterator[Door]:
    with ExitStack() as stack:
        door = Door(console)
        threading.Thread(target=_warm, args=(console.shelf,), name="stillwatch-console-warm", daemon=True).start()
        stack.callback(door.close)
        stack.callback(console.jobs.close)
        yield door


def _check_logs(logs: Sequence[str | Path]) -> None:
    """Refuse logs that are not there now, and not only when somebody wants to look at an exchange."""
    if STDIN in logs:
        message = "the logs of a console must be files: they are read each time that an exchange is looked at"
        raise InvalidInput(message)
    if logs:
        with TemporaryDirectory() as spool:
            expand(logs, Path(spool))


def _warm(shelf: Shelf) -> None:
    """Read the findings now, so that the first page need not wait for them; what cannot be read is told by pages."""
    with contextlib.suppress(StillwatchError):
        shelf.head()


def _who(home: Home) -> str:
    """The person at this machine, as a user with every right but to manage others; made at first use."""
    try:
        name = person(getpass.getuser())
    except (InvalidInput, OSError, KeyError):
        name = _ANYBODY
    with reading(home.engine).begin() as connection:
        known = {user.name for user in users_of(connection)}
    if name not in known:
        with home.engine.begin() as connection:
            users = Users(connection, home.trail, name, datetime.now(UTC))
            users.add(name, frozenset({Role.APPROVER}), fresh_password())
    return name
