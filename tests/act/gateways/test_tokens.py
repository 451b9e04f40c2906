"""Tokens of gateways."""

from pathlib import Path

import pytest

from stillwatch.act.gateways.tokens import Tokens, read_tokens, tokens_shown
from stillwatch.errors import InvalidInput, UnreadableSource

SECRET = "0123456789abcdef"  # noqa: S105 - of the test


def test_a_forged_header_does_not_spoil_a_call() -> None:
    """A gateway's own token counts whatever its client wrote beside it."""
    headers = {"x-stillwatch-token": "forged", "x-api-key": "sk-1", "authorization": f"Bearer {SECRET}"}
    assert any(map(Tokens([SECRET]).admits, tokens_shown(headers)))


@pytest.mark.parametrize("shown", [{}, {"authorization": f"Basic {SECRET}"}, {"x-api-key": "x" * 5000}])
def test_nothing_that_could_be_one(shown: dict[str, str]) -> None:
    """No header, another scheme and endless text show no token."""
    assert tokens_shown(shown) == ()


@pytest.mark.parametrize("guess", ["", "0123456789abcde", SECRET + "0", SECRET.upper(), "\udcff"])
def test_guesses(guess: str) -> None:
    """Nothing but the token itself is admitted."""
    assert not Tokens([SECRET, "another-token-of-ours"]).admits(guess)


def test_a_file_of_tokens(tmp_path: Path) -> None:
    """Each line of the file is a token, comments and empty lines are none."""
    path = tmp_path / "tokens"
    path.write_text(f"# of the proxy\n{SECRET}\n\n another-token-of-ours \n")
    tokens = read_tokens(path)
    assert tokens.admits(SECRET)
    assert tokens.admits("another-token-of-ours")
    assert not tokens.admits("# of the proxy")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "one a line"), (b"# no\nshort\n", "in line 2"), (b"\xff" * 20, "in ASCII")]
)
def test_files_without_tokens(tmp_path: Path, content: bytes, reason: str) -> None:
    """A file that would let nobody in, or a short guess, is refused without showing what is in it."""
    path = tmp_path / "tokens"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=reason) as caught:
        read_tokens(path)
    assert "short" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is told so."""
    with pytest.raises(UnreadableSource, match="cannot read the tokens"):
        read_tokens(tmp_path / "none")


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """A file that is too long is refused: what stands at the cut would be another, shorter token."""
    path = tmp_path / "tokens"
    path.write_text("\n".join("0123456789abcdef" * 4 for _ in range(20_000)))
    with pytest.raises(InvalidInput, match="at most 1,048,576 bytes"):
        read_tokens(path)
