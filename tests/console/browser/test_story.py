"""An analyst's day in a browser: alarm, case, evidence, preview, four eyes, effect, appeal, the way back."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stillwatch.act.appeals.outbox import to_revoke
from stillwatch.console.assembling import routes_beside
from stillwatch.service.access.roles import Role
from stillwatch.service.access.users import Users
from stillwatch.service.rehearsal.history import collect_history
from stillwatch.service.rehearsal.objection import HARMLESS, until
from stillwatch.service.rehearsal.opening import opened
from stillwatch.service.rehearsal.play import play
from stillwatch.service.rehearsal.scene import Scene
from stillwatch.service.rehearsal.timeline import Timeline
from stillwatch.service.rehearsal.watching import look
from stillwatch.service.rehearsal.world import MAIN, Plot, make_world

from .analyst import Analyst, analyst

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
PLOT = Plot(24_000, 7, 2, (f"{MAIN}:accounts=20,per_account=52",))
PASSWORD = "four words and a number 7"  # noqa: S105 - of a service that lives for one test
WORDS = "These requests are our own product's: our staff ask the same questions about each document."


@contextmanager
def staged(folder: Path) -> Iterator[Scene]:
    """A service after a day and a half of traffic, in which the campaign was found; ada and bea may log in."""
    world = make_world(folder / "simulated", PLOT, NOW)
    beside = lambda clock: partial(routes_beside, clock=clock.wall)  # noqa: E731 - one line
    with opened(folder, world, Timeline(lambda _: None), beside) as scene:
        with scene.home.engine.begin() as connection:
            users = Users(connection, scene.home.trail, "ada", scene.clock.wall())
            users.add("ada", frozenset({Role.ANALYST}), PASSWORD)
            users.add("bea", frozenset({Role.APPROVER}), PASSWORD)
        collect_history(scene, world.end - timedelta(hours=24))
        look(scene)
        yield scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One service for the story."""
    with staged(tmp_path_factory.mktemp("story")) as made:
        yield made


def _understand(ada: Analyst) -> None:
    """From the alarm to the case: who it is, why, one exchange looked at."""
    ada.go("/console")
    ada.click(".todo a:has-text('nobody has looked at')")
    ada.click("#found tbody th a")
    ada.click("button:has-text('Take it')")
    assert "ada" in ada.sees(".said")
    assert "harvest" in ada.sees(".under")
    assert "bits" in ada.sees("#why")
    assert ada.page.locator("#tests tbody tr").count() > 5
    ada.click("#streams tbody th a")
    ada.click("tbody th a")
    assert ada.page.locator(".masked").count() == 1
    ada.fill("#reason", "does it read like a grading rubric?")
    ada.click("button:has-text('Reveal this one')")
    assert ada.page.locator(".prompt").count() >= 1


def _act(ada: Analyst, bea: Analyst) -> None:
    """From the case to an act that two people stand behind."""
    ada.click("nav a:has-text('Policies')")
    ada.click("button:has-text('Add strict')")
    ada.click("button:has-text('Preview it now')")
    ada.page.wait_for_url("**/previews/1", timeout=120_000)
    ada.page.wait_for_selector("h1")
    ada.page.go_back()
    version = ada.page.url if "/policies/" in ada.page.url else ""
    ada.go("/console/policies")
    ada.click("main a:has-text('strict')")
    assert "second person" in ada.sees(".step") or "approver" in ada.sees(".step"), version
    bea.go("/console")
    bea.click(".todo a:has-text('second person')")
    bea.click("button:has-text('Stand behind preview 1')")
    ada.page.reload()
    ada.click("summary:has-text('All stages')")
    ada.click("button:has-text('Put in force at 100 %')")
    assert "100 %" in ada.sees(".step")


def _in_force(scene: Scene) -> None:
    """Wait until the service decides by it."""
    until_s = time.monotonic() + 10
    while scene.service.deciding.in_force() is None:
        assert time.monotonic() < until_s
        time.sleep(0.05)


def test_from_alarm_to_revocation(scene: Scene, chromium: "Browser") -> None:
    """An analyst and an approver bring a policy in force; an appeal that is upheld ends what it did to a customer."""
    base = scene.home.settings.public_url
    ada, bea, customer = (analyst(chromium, base) for _ in range(3))
    ada.log_in("ada", PASSWORD)
    bea.log_in("bea", PASSWORD)
    ada.begin()
    bea.begin()
    _understand(ada)
    understood_s = ada.seconds
    _act(ada, bea)
    acted_s = ada.seconds
    clicks = f"{ada.n_clicks} + {bea.n_clicks} clicks"
    sys.stdout.write(f"alarm to case {understood_s:.0f} s, to approved act {acted_s:.0f} s, {clicks}\n")
    _in_force(scene)
    play(scene, scene.clock.wall() + timedelta(hours=1))  # a session ends after two without a request
    assert scene.touched, "the policy did nothing"
    touched = next(iter(scene.touched.values()))
    ada.go(f"/console/campaigns/{next(reversed(scene.alarms[0].names))}")
    assert "stream" in ada.sees("#done .facts")

    customer.page.goto(touched.decision["appeal_url"])
    customer.click(".choice input")
    customer.fill("textarea", WORDS)
    customer.click("button")
    assert "We have your appeal" in customer.sees("main, body")

    ada.go("/console")
    ada.click(".todo a:has-text('for an answer')")
    ada.click("main tbody th a")
    assert WORDS in ada.sees(".statement")
    ada.click("label:has-text('Uphold'), input[value=upheld]")
    ada.fill(
        "textarea", "We have looked at your requests. They are your own work, and the restriction has been lifted."
    )
    ada.click("button:has-text('answer')")
    seconds, told = until(scene, touched, lambda said: said["action"] in HARMLESS)
    assert told["action"] in HARMLESS, seconds
    with scene.home.engine.begin() as connection:
        assert len(to_revoke(connection)) == 1
    customer.page.reload()
    assert "We agree with you" in customer.sees("body")
    ada.go("/console/policies")
    ada.click("button:has-text('back')")
    assert (ada.wrong, bea.wrong, customer.wrong) == ([], [], [])
