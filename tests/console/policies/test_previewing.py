"""Previews that pages begin: over one scan, beside a service, and where there is nothing to replay."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.console.conftest import NOW, Browser, Rig, rig_of
from tests.console.policies.made import POLICY, added
from tests.service.replay.made import FINDINGS, LOGS, written

from stillwatch.act.policy.previews import last_preview
from stillwatch.console.policies import stored_traffic
from stillwatch.console.shelf import Shelf
from stillwatch.service.access.roles import Role
from stillwatch.service.access.users import Users
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings

MINE = f"/console/policies/{POLICY.version}"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Rig]:
    """A console over one scan."""
    folder = written(tmp_path)
    settings = replace(ServiceSettings(), folder=folder / "console")
    with open_home(settings, is_first=True) as home:
        with home.engine.begin() as connection:
            Users(connection, home.trail, "ada", NOW).add("ada", frozenset({Role.APPROVER}), "a long password of ada")
        clock = lambda: datetime.now(UTC)  # noqa: E731 - a clock
        rig = rig_of(home, clock, is_local=True, logs=(folder / LOGS,))
        object.__setattr__(rig.console, "shelf", Shelf(folder / FINDINGS))
        added(rig, POLICY)
        yield rig
        rig.console.jobs.close()


def waited(browser: Browser, path: str) -> str:
    """Page of the work once it is over."""
    for _ in range(600):
        page = str(browser.get(path).text)
        if "every 1s" not in page:
            return page
        time.sleep(0.05)
    pytest.fail("the work does not end")


def test_a_preview_over_one_scan(local: Rig) -> None:
    """It is replayed beside the page, recorded under the person's name, and the page leads to it."""
    browser = local.as_("ada")
    began = browser.send(f"{MINE}/preview")
    assert began.url.path == "/console/jobs/1"
    assert "Preview of first" in began.text
    page = waited(browser, "/console/jobs/1")
    assert f'href="{MINE}/previews/1"' in page
    with local.home.engine.begin() as connection:
        found = last_preview(connection, POLICY.version, local.console.keys)
    assert found is not None
    assert found[1].figures["traffic"]["exchanges"] == 90
    shown = browser.get(f"{MINE}/previews/1").text
    assert "Too little traffic" in shown
    assert "secret prompt" not in shown


def test_without_javascript_the_page_loads_itself(local: Rig) -> None:
    """Until it is over; then it goes on to what came of it."""
    browser = local.as_("ada")
    began = browser.send(f"{MINE}/preview")
    assert '<noscript><meta http-equiv="refresh"' in began.text
    assert f'content="0; url={MINE}/previews/1"' in waited(browser, "/console/jobs/1")


def test_what_fails_is_told(local: Rig, tmp_path: Path) -> None:
    """Logs that are gone: the page says so, and nothing is recorded."""
    shutil.rmtree(tmp_path / LOGS)
    browser = local.as_("ada")
    browser.send(f"{MINE}/preview")
    page = waited(browser, "/console/jobs/1")
    assert 'role="alert"' in page
    assert "Nothing was kept of it" in page


def test_nothing_to_replay(rig: Rig, local: Rig) -> None:
    """A console without logs, and a service without traffic or index, say kindly what is missing."""
    object.__setattr__(local.console, "logs", ())
    assert "started without logs" in local.as_("ada").get(MINE).text
    assert local.as_("ada").send(f"{MINE}/preview").status_code == 422
    added(rig, POLICY)
    assert "No exchange was collected yet" in rig.as_("ada").get(MINE).text
    rig.home.traffic.mkdir(parents=True)
    answer = rig.as_("ada").send(f"{MINE}/preview")
    assert answer.status_code == 422
    assert "Detection has not looked at the traffic yet" in answer.text


def test_work_is_of_who_began_it(local: Rig) -> None:
    """Nobody else sees it, nor what is no number."""
    with local.home.engine.begin() as connection:
        users = Users(connection, local.home.trail, "ada", NOW)
        users.add("bea", frozenset({Role.APPROVER}), "a long password of bea")
    local.as_("ada").send(f"{MINE}/preview")
    for path in ("/console/jobs/1", "/console/jobs/x", "/console/jobs/99999999999"):
        assert local.as_("bea").get(path).status_code == 404
    waited(local.as_("ada"), "/console/jobs/1")


def test_a_preview_beside_a_service(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the service's traffic, its index and its accounts."""
    rig.home.traffic.mkdir(parents=True)
    rig.home.index.mkdir(parents=True)
    told: list[Path] = []

    def by_index(folder: Path) -> str:
        told.append(folder)
        return "streams"

    monkeypatch.setattr(stored_traffic, "ByIndex", by_index)
    assert stored_traffic.nothing_to_replay(rig.console) == ""
    source = stored_traffic.source_of(rig.console)
    assert list(source.paths) == [rig.home.traffic]
    assert str(source.streams) == "streams"
    assert told == [rig.home.index]


def test_who_may_not(rig: Rig) -> None:
    """A viewer begins no previews."""
    added(rig, POLICY)
    assert rig.as_("vera").send(f"{MINE}/preview").status_code == 403
