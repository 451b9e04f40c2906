"""Cases follow the findings, also over a database that is away for a while."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from tests import traffic
from tests.act.desk import NOW, Office, office
from tests.databases import KIND, database_url
from tests.scanning import harvests, write

import stillwatch
from stillwatch.act.cases.lookup import case_at
from stillwatch.errors import Declined, MissingData
from stillwatch.report import write_findings
from stillwatch.service.cases import note_findings

GONE = "postgresql://user:password@host does not answer"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Office]:
    """A fresh database."""
    with database_url(KIND, tmp_path) as url, office(tmp_path, url) as made:
        yield made


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder of findings, and the harvest in it."""
    folder = tmp_path_factory.mktemp("found")
    findings = stillwatch.scan(write(folder / "logs", traffic.mixed()))
    write_findings(findings, folder / "findings")
    return folder / "findings", harvests(findings)[0].campaign_id


def away(why: str) -> OperationalError:
    """What a driver says of a database that does not answer."""
    return OperationalError("COMMIT", {}, OSError(why))


def test_a_harvest_opens_a_case_once(opened: Office, found: tuple[Path, str]) -> None:
    """With the figures of the findings; the same findings again change nothing."""
    folder, campaign_id = found
    assert campaign_id in note_findings(opened.engine, opened.trail, folder, NOW)
    assert note_findings(opened.engine, opened.trail, folder, NOW + timedelta(minutes=1)) == []
    with opened.engine.begin() as connection:
        case = case_at(connection, campaign_id)
    assert (case.n_accounts, case.opened_at) == (60, NOW)


def test_a_database_that_is_away_for_a_moment(opened: Office, found: tuple[Path, str]) -> None:
    """It is tried again; nothing of the tries before is left."""
    left, waits = [2], list[float]()

    @event.listens_for(opened.engine, "commit")
    def failing(_connection: object) -> None:
        if left[0]:
            left[0] -= 1
            raise away(GONE)

    folder, campaign_id = found
    assert campaign_id in note_findings(opened.engine, opened.trail, folder, NOW, waits.append)
    assert waits == [0.5, 2.0]
    with opened.engine.begin() as connection:
        assert case_at(connection, campaign_id).version == 1


def test_a_database_that_stays_away(opened: Office, found: tuple[Path, str]) -> None:
    """It is said without what the database said; the next tick makes it good."""
    gone = [True]

    @event.listens_for(opened.engine, "begin")
    def failing(_connection: object) -> None:
        if gone[0]:
            raise away(GONE)

    folder, campaign_id = found
    with pytest.raises(Declined, match=r"does not take the cases of a tick: OperationalError$"):
        note_findings(opened.engine, opened.trail, folder, NOW, lambda _: None)
    gone[0] = False
    assert campaign_id in note_findings(opened.engine, opened.trail, folder, NOW)


def test_no_findings(opened: Office, tmp_path: Path) -> None:
    """Is an error of its own, not one of the database."""
    with pytest.raises(MissingData):
        note_findings(opened.engine, opened.trail, tmp_path, NOW)
