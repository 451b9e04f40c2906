"""Settings of the service: defaults, paths, and every problem at once."""

from pathlib import Path

import pytest

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.settings import ServiceSettings, read_settings


def _written(folder: Path, text: str) -> Path:
    path = folder / "service.toml"
    path.write_text(text)
    return path


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """Who says nothing gets what is documented."""
    assert read_settings(_written(tmp_path, "")) == ServiceSettings()


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A settings file can be moved with what it names, wherever the command is run."""
    text = 'folder = "var"\n[watch]\npools = ["a.txt"]\nevery_s = 5\n[decide]\naccounts = "accounts.parquet"\n'
    found = read_settings(_written(tmp_path, text))
    assert found.folder == tmp_path / "var"
    assert found.watch.pools == (tmp_path / "a.txt",)
    assert found.watch.every_s == 5
    assert found.decide.accounts == tmp_path / "accounts.parquet"
    assert found.database_url == f"sqlite:///{tmp_path / 'var' / 'service.db'}"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one line to be told of the next."""
    text = (
        'lsten = "x"\nlisten = 5\ncollect = 3\n'
        '[watch]\nperiod_h = 7\nevery_s = -1\nmemory = true\n[decide]\ngateways = "native"\n'
    )
    with pytest.raises(InvalidInput) as told:
        read_settings(_written(tmp_path, text))
    for part in (
        "lsten is no setting",
        "listen must be text, got int",
        "collect must be a table",
        "divide a day, got 7",
    ):
        assert part in str(told.value)
    for part in (
        "watch.every_s must be a number above 0",
        "watch.memory must be text",
        "decide.gateways must be a list",
    ):
        assert part in str(told.value)


def test_a_content_mode_that_is_none_is_refused(tmp_path: Path) -> None:
    """A misspelt mode must not keep prompts that somebody wanted hashed."""
    with pytest.raises(InvalidInput, match="one of full, hashed, none, got hash"):
        read_settings(_written(tmp_path, '[collect]\ncontent = "hash"\n'))


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    """No file, and no TOML, are two different troubles."""
    with pytest.raises(UnreadableSource, match="No such file"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(InvalidInput, match="must be TOML"):
        read_settings(_written(tmp_path, "a = = 1"))


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """In the half that would not be read the protected accounts may be named."""
    path = _written(tmp_path, "# " + "x" * 70_000 + '\n[decide]\nprotected = "protected.txt"\n')
    with pytest.raises(InvalidInput, match="at most 65,536 bytes"):
        read_settings(path)


def test_passwords_in_addresses_are_not_printed(tmp_path: Path) -> None:
    """Of a database and a Redis only whoever connects sees the URL."""
    text = 'database = "postgresql://u:secret@db/x"\n[collect]\nredis = "redis://:secret@log/0"\n'
    found = read_settings(_written(tmp_path, text))
    assert found.collect.redis == "redis://:secret@log/0"
    assert "secret" not in repr(found)
