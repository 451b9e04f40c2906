"""``stillwatch policy``: from a file to what is in force and back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.act.policy.made import MUCH, SMALL, rule_text
from typer.testing import CliRunner

from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import policy_of_file
from stillwatch.act.policy.wrong import WrongPolicy
from stillwatch.cli import app
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings


def run(*arguments: object, code: int = 0) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def told(*arguments: object, code: int = 0) -> Any:
    """What a command tells a program."""
    return json.loads(run(*arguments, "--json", code=code))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run, beside a service that was started once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("STILLWATCH_SERVICE", raising=False)
    with open_home(ServiceSettings(), is_first=True):
        return tmp_path


def previewed(folder: Path, shares: dict[str, float]) -> None:
    """A preview of p.toml as the service would record it."""
    policy, now = policy_of_file(folder / "p.toml"), datetime.now(UTC)
    with open_home(ServiceSettings()) as home, home.engine.begin() as connection:
        window = (now - timedelta(days=7), now)
        signer = Signer(home.key, "ada", now)
        preview = Preview(policy.version, *window, "0" * 64, shares, {"traffic": MUCH}, now)
        record_preview(connection, preview, signer)


def test_check_tells_every_file_and_line(folder: Path) -> None:
    """Several files, good ones and bad ones: all problems with file and line, and exit code 2."""
    (folder / "a.toml").write_text(rule_text(rate_per_minute=""))
    (folder / "b.toml").write_text(rule_text(when="stream.accused"))
    (folder / "c.toml").write_bytes(b"\xff")
    out = run("check", "a.toml", "b.toml", "c.toml", "default", code=2)
    assert "a.toml:1: throttle must have a rate_per_minute" in out
    assert "b.toml: warning: rule harvest may throttle streams whose verdict is related" in out
    assert "c.toml:1: a policy must be UTF-8" in out
    assert "default: 2 rules, 8 cases, version" in out
    found = told("check", "a.toml", "b.toml", code=2)
    assert found[0]["problems"] == [{"line": 1, "text": "throttle must have a rate_per_minute"}]
    assert (found[1]["problems"], len(found[1]["warnings"])) == ([], 1)
    assert run("check", "default", "strict").count("version") == 2


def test_cases_are_run(folder: Path) -> None:
    """A table of all cases; one that fails makes the command fail."""
    assert "8 cases, 0 failing" in run("test", "default")
    case = '[[case]]\nname = "mine"\nexpects = "block"\nrule = "harvest"\nstream = { verdict = "harvest" }\n'
    (folder / "p.toml").write_text(rule_text() + case)
    assert "FAILS" in run("test", "p.toml", code=2)
    (row,) = told("test", "p.toml", code=2)["cases"]
    assert (row["case"], row["expects"], row["action"], row["passes"]) == ("mine", "block", "throttle", False)


def test_show_and_diff(folder: Path) -> None:
    """What a policy says, the file as written, and what another does otherwise."""
    assert "0.1/min a campaign, after 12/day a stream" in run("show", "default")
    assert "30/min" in run("show", "strict")
    assert told("show", "default")["rules"][1]["lasts_s"] == 86400
    (folder / "p.toml").write_text(run("show", "default", "--toml"))
    assert told("show", "p.toml")["version"] == told("show", "default")["version"]
    (folder / "q.toml").write_text(
        (folder / "p.toml").read_text().replace("rate_per_minute = 0.1", "rate_per_minute = 9")
    )
    assert run("diff", "p.toml", "q.toml").split("\n")[:2] == ["rule harvest changed", "  rate_per_minute: 0.1 -> 9.0"]
    assert told("diff", "p.toml", "q.toml")[0]["fields"] == {"rate_per_minute": [0.1, 9.0]}
    assert "they do the same" in run("diff", "default", "p.toml")


def test_from_file_to_force_and_back(folder: Path) -> None:
    """Added, refused without preview, previewed, activated, listed, stopped, rolled back."""
    (folder / "p.toml").write_text(rule_text())
    version = told("add", "p.toml", "--by", "Ada")["version"]
    assert told("add", "p.toml", "--by", "bob")["new"] is False
    with pytest.raises(InvalidInput, match=f"policy {version[:12]} has no preview"):
        run("activate", version[:8], "--by", "ada")
    previewed(folder, SMALL)
    with pytest.raises(InvalidInput, match="must come after 10 minutes"):
        run("activate", version[:8], "--stage", 100, "--by", "ada")
    assert told("activate", version[:8], "--by", "ada")["stage"] == 1
    assert "in force at 1 %" in run("list")
    assert told("list")["activations"][0]["by"] == "ada"
    assert told("stop", "--by", "bob")["version"] is None
    assert told("rollback", "--by", "bob")["version"] == version
    assert [c["how"] for c in told("list")["activations"]] == ["activate", "stop", "rollback"]
    assert told("show", version[:8])["version"] == version
    with pytest.raises(InvalidInput, match="bob did rollback meanwhile"):
        run("activate", version[:8], "--by", "ada", "--seen", 1)


def test_a_second_person(folder: Path) -> None:
    """Above the limits it takes two names, and one name in capitals is not two."""
    (folder / "p.toml").write_text(rule_text())
    version = told("add", "p.toml", "--by", "ada")["version"][:12]
    previewed(folder, {**SMALL, "organisations": 0.015})
    run("approve", version, "--by", "ADA")
    with pytest.raises(InvalidInput, match="a second person must approve"):
        run("activate", version, "--by", "ada")
    assert told("approve", version, "--by", "bob")["preview"] == 1
    assert told("activate", version, "--by", "ada", "--stage", 100)["approved_by"] == "bob"


def test_what_is_not_there(folder: Path) -> None:
    """No service, no file, no version; nothing is made by asking."""
    (folder / "other.toml").write_text('folder = "other"\n')
    for arguments in (
        ("list",),
        ("rollback", "--by", "ada"),
        ("show", "abcdef12"),
        ("activate", "abcdef12", "--by", "a"),
    ):
        with pytest.raises(MissingData, match=r"there is no service in .*other"):
            run(*arguments, "--settings", "other.toml")
    assert not (folder / "other").exists()
    with pytest.raises(MissingData, match="abcdef12"):
        run("show", "abcdef12")
    with pytest.raises(MissingData, match="no file"):
        run("show", "nothing.toml")
    (folder / "p.toml").write_text(rule_text())
    with pytest.raises(InvalidInput, match="a person's name"):
        run("add", "p.toml", "--by", "a b")
    (folder / "w.toml").write_text("x = 1")
    with pytest.raises(WrongPolicy, match=r"w\.toml:1: x is not known here"):
        run("add", "w.toml", "--by", "ada")


def test_a_policy_that_comes_along_is_added_by_its_name() -> None:
    """Whoever has none of his own begins with the default; before that the list says how to begin."""
    assert run("list") == "no versions: stillwatch policy add FILE --by YOU\n"
    assert told("add", "default", "--by", "ada")["name"] == "default"
    assert "default  added" in run("list")


@pytest.mark.parametrize("name", ["stillwatch", "decider", "customer"])
def test_nobody_signs_in_the_services_own_name(name: str) -> None:
    """What the service does is no person's, and what a person does is not the service's."""
    with pytest.raises(InvalidInput, match="a person must not be named"):
        run("add", "default", "--by", name)
