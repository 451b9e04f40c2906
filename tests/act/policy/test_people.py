"""Names of people."""

import pytest

from stillwatch.act.policy.people import person
from stillwatch.errors import InvalidInput


@pytest.mark.parametrize("name", ["Ada", " ada", "ADA\n"])
def test_one_person_is_one(name: str) -> None:
    """A capital letter or a space makes no second person."""
    assert person(name) == "ada"


@pytest.mark.parametrize("name", ["", "-", "a b", "a" * 65, "'; DROP TABLE x", "аda", "ada\u200b", "<b>"])
def test_no_names(name: str) -> None:
    """What the ledger cannot hold, look-alike letters included."""
    with pytest.raises(InvalidInput, match="a person's name"):
        person(name)
