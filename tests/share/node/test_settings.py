"""Settings of a node: read whole, or refused with everything that is wrong."""

from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.node.settings import read_settings

GOOD = """
forum = "http://127.0.0.1:8460/"
collection = "campaigns"
token_file = "forum.token"
index = "index"
folder = "node"
warning_lists = ["lists/shared.json"]
[evaluators.south]
url = "http://127.0.0.1:8462"
token_file = "south.token"
keys_file = "south.keys"
[evaluators.north]
url = "http://127.0.0.1:8461"
token_file = "north.token"
keys_file = "north.keys"
"""


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Wherever the node is started."""
    (tmp_path / "member.toml").write_text(GOOD)
    found = read_settings(tmp_path / "member.toml")
    assert found.forum == "http://127.0.0.1:8460"
    assert (found.index, found.warning_lists) == (tmp_path / "index", (tmp_path / "lists/shared.json",))
    assert [one.name for one in found.evaluators] == ["north", "south"]
    assert found.evaluators[1].keys_file == tmp_path / "south.keys"


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """A missing setting, one that is none, an evaluator without keys, and only one of them."""
    text = GOOD.replace('collection = "campaigns"', 'colection = "campaigns"').split("[evaluators.north]")[0]
    (tmp_path / "member.toml").write_text(text)
    with pytest.raises(InvalidInput) as told:
        read_settings(tmp_path / "member.toml")
    for part in ("collection must be text", "colection is no setting", "evaluators must be two tables"):
        assert part in str(told.value)
    (tmp_path / "member.toml").write_text(GOOD.replace('keys_file = "north.keys"', ""))
    with pytest.raises(InvalidInput, match=r"evaluators\.north must have url, token_file, keys_file"):
        read_settings(tmp_path / "member.toml")


def test_a_file_that_is_not_there_or_no_toml_is_an_error_of_ours(tmp_path: Path) -> None:
    """With the file's name."""
    with pytest.raises(UnreadableSource, match=r"none\.toml"):
        read_settings(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("forum = ")
    with pytest.raises(InvalidInput, match=r"bad\.toml must be TOML"):
        read_settings(tmp_path / "bad.toml")


def test_nothing_is_open_to_search_unless_it_is_named(tmp_path: Path) -> None:
    """None by default; kinds that are none are refused with the list of those that are."""
    (tmp_path / "member.toml").write_text(GOOD)
    assert read_settings(tmp_path / "member.toml").open_searches == ()
    (tmp_path / "member.toml").write_text(f'open_searches = ["address", "tls"]\n{GOOD}')
    assert read_settings(tmp_path / "member.toml").open_searches == ("address", "tls")
    for wrong in ('"address"', '["names"]', "[1]"):
        (tmp_path / "member.toml").write_text(f"open_searches = {wrong}\n{GOOD}")
        with pytest.raises(InvalidInput, match=r"open_searches must be a list of kinds: address, network"):
            read_settings(tmp_path / "member.toml")
