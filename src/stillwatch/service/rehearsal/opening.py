"""A service of the story's own: in a new folder, on a free port, by the story's clock, with a token for its caller."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from stillwatch.service.access.issued import Issue, Scope, issue_token
from stillwatch.service.home import Home, open_home
from stillwatch.service.rehearsal.behind_http import bound, running
from stillwatch.service.rehearsal.caller import Caller
from stillwatch.service.rehearsal.clock import SteppedClock
from stillwatch.service.rehearsal.scene import FIRST, Scene
from stillwatch.service.rehearsal.timeline import Timeline
from stillwatch.service.rehearsal.world import World
from stillwatch.service.serving import Beside, serving
from stillwatch.service.settings import DecideSettings, ServiceSettings

__all__ = ["opened"]

_CALLER: Final = "rehearsal"


@contextmanager
def opened(
    folder: Path, world: World, timeline: Timeline, beside: Callable[[SteppedClock], Beside] | None = None
) -> Iterator[Scene]:
    """A scene, ready to be played.

    folder      For the service's home, and what the story writes.
    beside      Makes routes that are served with it, by the story's clock, such as the console's.
    Raises      As `open_home` and `serving`.
    """
    clock = SteppedClock(world.start)
    timeline.now = clock.wall
    with ExitStack() as held:
        place = held.enter_context(bound())
        told = _settings(folder, world, int(place.getsockname()[1]))
        home = held.enter_context(open_home(told, is_first=True))
        token = _token(home, clock)
        routes = None if beside is None else beside(clock)
        service, app = held.enter_context(serving(home, clock.clock(), watches=False, beside=routes))
        port = held.enter_context(running(app, place))
        caller = held.enter_context(Caller(port, token))
        timeline.note("service", f"up on {told.listen}, its clock at {world.start:%A %d %B %Y} 00:00 UTC")
        yield Scene(folder, world, home, service, caller, clock, timeline)


def _settings(folder: Path, world: World, port: int) -> ServiceSettings:
    listen = f"127.0.0.1:{port}"
    decide = DecideSettings(accounts=world.accounts, gateways=("native",))
    return ServiceSettings(folder=folder / "service", listen=listen, public_url=f"http://{listen}", decide=decide)


def _token(home: Home, clock: SteppedClock) -> str:
    issue = Issue(_CALLER, frozenset(Scope), FIRST)
    with home.engine.begin() as connection:
        return issue_token(connection, home.trail, issue, clock.wall()).text
