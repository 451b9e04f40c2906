"""The list of hostile cases names tests that are there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
NAMED = re.compile(r"`(?:([\w/]+\.py))?::(\w+)`")


def test_every_test_that_the_list_names_is_there() -> None:
    """A test that is renamed is renamed in the list too."""
    found, path = 0, ""
    for told, name in NAMED.findall((Path(__file__).parent / "README.md").read_text()):
        path = told or path
        body = ast.parse((TESTS / path).read_text()).body
        assert name in {one.name for one in body if isinstance(one, ast.FunctionDef)}, f"{path}::{name}"
        found += 1
    assert found > 60


def test_every_test_of_this_folder_is_in_the_list_or_shows_that_others_could_fail() -> None:
    """What stands here is a case, or the good case beside one."""
    listed = (Path(__file__).parent / "README.md").read_text()
    missing = {
        one.name
        for path in Path(__file__).parent.glob("test_*.py")
        for one in ast.parse(path.read_text()).body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_") and one.name not in listed
    }
    assert missing == {
        "test_every_test_that_the_list_names_is_there",
        "test_every_test_of_this_folder_is_in_the_list_or_shows_that_others_could_fail",
        "test_what_is_in_force_is_what_is_told",
        "test_it_is_a_harvest_of_code",
    }
