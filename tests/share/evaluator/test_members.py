"""Tokens of a file: known ones have a name, all others have none."""

from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.evaluator import Members, new_member


def test_a_token_is_its_member_s_and_nobody_else_s(tmp_path: Path) -> None:
    """The first time and when it is remembered; another's name, another's secret and garbage are nobody."""
    (token, line), (other, other_line) = new_member("alpha"), new_member("beta-2")
    (tmp_path / "members").write_text(f"{line}\n\n{other_line}\n")
    members = Members(tmp_path / "members")
    assert [members(token), members(token), members(other)] == ["alpha", "alpha", "beta-2"]
    mixed = f"beta-2.{token.partition('.')[2]}"
    assert [members(wrong) for wrong in (mixed, token[:-1], "gamma.x", "", ".", "\ud800")] == [None] * 6
    assert token.partition(".")[2] not in line


@pytest.mark.parametrize("name", ["", "Alpha", "a b", "a\nb", "-a", "x" * 65])
def test_names_that_are_none_are_refused(name: str) -> None:
    """They would break the file."""
    with pytest.raises(InvalidInput, match="lower-case"):
        new_member(name)


def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    """A token in clear where its hash belongs is not shown."""
    path = tmp_path / "members"
    path.write_text(f"{new_member('alpha')[1]}\nbeta secret-in-clear\n")
    with pytest.raises(InvalidInput, match=":2") as told:
        Members(path)
    assert "secret-in-clear" not in str(told.value)
    with pytest.raises(UnreadableSource):
        Members(tmp_path / "none")
