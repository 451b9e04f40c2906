"""Settings of an engine: every problem at once, at start-up, and keys of a tag."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from stillwatch.errors import FailedProof, InvalidInput, UnreadableSource
from stillwatch.trace.engines.settings import VARIABLE, EngineSettings
from stillwatch.trace.engines.tag import ARGUMENT, Tag
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose


def written(folder: Path, **changes: Any) -> Path:
    """Settings that work, but for the changes; None leaves a name out."""
    for name in ("marks", "tags"):
        if not (folder / name).exists():
            KeyKeeper.create(folder / name)
    told = {"master": str(folder / "marks"), "tags": str(folder / "tags"), "scheme": {"delta": 2.0}, **changes}
    (folder / "marks.json").write_bytes(orjson.dumps({name: it for name, it in told.items() if it is not None}))
    return folder / "marks.json"


def test_settings_are_read_from_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the scheme's other values as they are by default."""
    monkeypatch.setenv(VARIABLE, str(written(tmp_path)))
    settings = EngineSettings.from_environment()
    assert EngineSettings.at_admission() is EngineSettings.at_admission()
    assert EngineSettings.at_admission().scheme == settings.scheme
    assert (settings.scheme.delta, settings.scheme.account_width, settings.refuses_untagged) == (2.0, 4, True)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(InvalidInput, match=VARIABLE):
        EngineSettings.from_environment()
    with pytest.raises(InvalidInput, match=VARIABLE):
        EngineSettings.at_admission()


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A missing secret, a bad scheme, an unknown name, a wrong word."""
    path = written(tmp_path, tags=None, scheme={"gamma": 2.0}, untagged="maybe", colour=1)
    with pytest.raises(InvalidInput) as refused:
        EngineSettings.read(path)
    for part in ("tags is missing", "gamma must be in (0, 1), got 2.0", "refuse or pass, got maybe", "colour is not"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scheme": {"depth": 1}}, "scheme is not of the right form"),
        ({"scheme": 5}, "scheme is not of the right form"),
        ({"master": "/nowhere/marks"}, "there is no master secret"),
        ({"master": 5}, "master is not of the right form"),
    ],
)
def test_one_problem_is_told(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    """By the name of the setting."""
    with pytest.raises(InvalidInput, match=told):
        EngineSettings.read(written(tmp_path, **changes))


def test_one_secret_for_both_is_refused(tmp_path: Path) -> None:
    """A gateway with the master secret could find marks."""
    with pytest.raises(InvalidInput, match="must be two secrets"):
        EngineSettings.read(written(tmp_path, tags=str(tmp_path / "marks")))


def test_files_that_are_no_settings_are_refused(tmp_path: Path) -> None:
    """None, no JSON, no object."""
    with pytest.raises(UnreadableSource, match="FileNotFoundError"):
        EngineSettings.read(tmp_path / "none.json")
    for content, told in ((b"{", "must be JSON"), (b"[]", "must be an object, got list")):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(InvalidInput, match=told):
            EngineSettings.read(tmp_path / "bad.json")


def test_keys_are_those_that_the_master_derives(tmp_path: Path) -> None:
    """An account's and a campaign's; the provider's and the symbols' only for a scheme with shares."""
    settings = EngineSettings.read(written(tmp_path))
    keys = settings.keys(Tag("acct-1", "", "e", 0))
    assert keys.account == KeyKeeper.open(tmp_path / "marks").key(Purpose.ACCOUNT, "acct-1", "e")
    assert (keys.campaign, keys.provider, keys.symbol) == (None, None, None)
    shared = EngineSettings.read(written(tmp_path, scheme={"symbol_share": 0.5}))
    keys = shared.keys(Tag("", "c-1", "e", 0))
    assert keys.campaign == KeyKeeper.open(tmp_path / "marks").key(Purpose.CAMPAIGN, "c-1", "e")
    assert keys.provider is not None
    assert keys.symbol is not None


def test_untagged_requests_are_refused_or_passed_as_the_settings_say(tmp_path: Path) -> None:
    """At admission; a tag that does not hold is refused either way."""
    refusing, passing = (EngineSettings.read(written(tmp_path, untagged=word)) for word in ("refuse", "pass"))
    with pytest.raises(FailedProof, match="come through the gateway"):
        refusing.tag_of(None, now_s=0)
    assert passing.tag_of({}, now_s=0) is None
    with pytest.raises(FailedProof):
        passing.tag_of({ARGUMENT: "mine"}, now_s=0)
    assert "secret" not in repr(refusing)
