"""The link of the command line: it opens once, for one person."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.console.access.test_login import room_of
from tests.console.conftest import Rig

from stillwatch.console.access.entry import EntryKey


@pytest.mark.parametrize("told", ["", "x", "é", "\udcff", "x" * 100_000])
def test_what_is_not_the_key(told: str) -> None:
    """It opens nothing, and the key still does afterwards."""
    key = EntryKey("ada")
    assert not key.opens(told)
    assert not key.opens(key.text[:-1])
    assert key.opens(key.text)


def test_of_many_at_once_one_is_let_in() -> None:
    """Sixteen at the same moment: one."""
    key = EntryKey("ada")
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: key.opens(key.text), range(16))) == 1


def test_keys_differ_and_cannot_be_guessed() -> None:
    """256 bits each."""
    assert len({EntryKey("ada").text for _ in range(50)}) == 50
    assert len(EntryKey("ada").text) == 43


def test_the_link_lets_in_once(rig: Rig) -> None:
    """As its person; whoever has the link afterwards is told to start the console again."""
    key = EntryKey("ada")
    room = room_of(rig, key)
    client = room.client()
    assert client.get("/console/enter?key=wrong").status_code == 403
    answer = client.get("/console/enter", params={"key": key.text})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert key.text not in str(answer.headers)
    assert client.get("/console").status_code == 200
    again = room.client().get("/console/enter", params={"key": key.text})
    assert (again.status_code, "set-cookie" in again.headers) == (403, False)
    assert key.text not in again.text


def test_a_service_has_no_such_link(rig: Rig) -> None:
    """Whatever key is shown."""
    room = room_of(rig)
    for key in ("", "None", "x"):
        assert room.client().get("/console/enter", params={"key": key}).status_code == 403
