"""``stillwatch policy preview``: from logs and findings to a page and a record that an activation needs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.act.policy.made import rule_text
from tests.service.replay.made import ACCOUNTS, FINDINGS, LOGS, written
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.service.home import open_home
from stillwatch.service.settings import ServiceSettings

BLOCKS = rule_text(when="stream.accused && stream.bits > 30.0", then="block")


def run(*arguments: object, code: int = 0) -> str:
    """Standard output of a command of policies; what it raises comes through."""
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run, with logs, findings and a policy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("STILLWATCH_SERVICE", raising=False)
    (tmp_path / "p.toml").write_text(f'name = "blocks"\n{BLOCKS}')
    return written(tmp_path)


@pytest.fixture
def service() -> None:
    """A service that was started there once."""
    with open_home(ServiceSettings(), is_first=True):
        pass


def preview(*more: object, policy: str = "p.toml") -> str:
    """The command with logs, findings and accounts."""
    return run("preview", policy, "--traffic", LOGS, "--findings", FINDINGS, "--accounts", ACCOUNTS, *more)


def told(*more: object, policy: str = "p.toml") -> Any:
    """What it tells a program."""
    return json.loads(preview(*more, "--json", policy=policy))


def test_it_shows_who_is_touched(folder: Path) -> None:
    """Verdict, counts and the hard case in the terminal; the same and a page without prompts as files."""
    text = preview("--out", "page.html")
    assert "Needs a second person" in text
    assert "2 (2.2 %) of 1 account of 1 organisation would have been touched" in text
    assert "not recorded" in text
    page = (folder / "page.html").read_text()
    assert "<title>stillwatch preview of blocks</title>" in page
    assert "secret prompt" not in page + text


def test_it_tells_programs() -> None:
    """Shares, who must stand behind it, and the campaign's loss."""
    found = told()
    assert found["preview"]["shares"]["traffic"] == pytest.approx(2 / 90)
    assert (found["preview"]["needs"], found["changes"], found["recorded"]) == ("two people", None, None)
    assert found["preview"]["effects"][0]["withheld"] == 2


@pytest.mark.usefixtures("service")
def test_a_recorded_preview_is_what_an_activation_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a preview nothing is activated; then a second person is needed, and traffic enough, were it as little."""
    version = json.loads(run("add", "p.toml", "--by", "ada", "--json"))["version"]
    with pytest.raises((InvalidInput, MissingData), match="preview"):
        run("activate", version, "--by", "ada")
    assert told("--by", "ada", policy=version[:12])["recorded"] == 1
    with pytest.raises(InvalidInput, match=r"second|approv"):
        run("activate", version, "--by", "ada")
    run("approve", version, "--by", "bob")
    with pytest.raises(InvalidInput, match="too little traffic: it saw 90 exchanges, and must see 1,000"):
        run("activate", version, "--by", "ada")
    monkeypatch.setattr("stillwatch.act.policy.previews.LEAST_EXCHANGES", 90)
    assert json.loads(run("activate", version, "--by", "ada", "--json"))["version"] == version


@pytest.mark.usefixtures("service")
def test_what_may_not_rest_on_it_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only when somebody wants to put the version in force; and nothing is said of what is not recorded."""
    run("add", "p.toml", "--by", "ada")

    def said(*more: str) -> str:
        arguments = ["policy", "preview", "p.toml", "--traffic", LOGS, "--findings", FINDINGS, *more]
        return CliRunner().invoke(app, arguments, catch_exceptions=False).stderr

    assert "too little traffic to put anything in force: it saw 90 exchanges" in said("--by", "ada")
    assert "traffic" not in said()
    monkeypatch.setattr("stillwatch.act.policy.previews.LEAST_EXCHANGES", 90)
    assert "enough for 1 % by one person's word" in said("--by", "ada")


@pytest.mark.usefixtures("service")
def test_without_traffic_it_is_the_services_own(folder: Path) -> None:
    """Its traffic, its index, its accounts and its protected ones, each unless another is named."""
    (folder / "protected.txt").write_text("o\n")
    (folder / "stillwatch-service.toml").write_text(f'[decide]\naccounts = "{ACCOUNTS}"\nprotected = "protected.txt"\n')
    with pytest.raises(MissingData, match=r"stillwatch-service/watch/index"):
        run("preview", "p.toml")
    shutil.copytree(folder / LOGS, folder / "stillwatch-service" / "traffic")
    guarded = json.loads(run("preview", "p.toml", "--findings", FINDINGS, "--json"))["preview"]
    assert (guarded["touched"]["exchanges"], guarded["guards"][0]["guard"]) == (0, "protected")
    (folder / "nobody.txt").write_text("nobody\n")
    free = json.loads(run("preview", "p.toml", "--findings", FINDINGS, "--protected", "nobody.txt", "--json"))
    assert free["preview"]["shares"] == told("--protected", "nobody.txt")["preview"]["shares"]


@pytest.mark.usefixtures("service")
def test_without_a_service_there_is_no_traffic_of_its_own(folder: Path) -> None:
    """Whoever names neither logs nor a service is told so."""
    (folder / "stillwatch-service.toml").write_text('folder = "elsewhere"\n')
    with pytest.raises(MissingData, match="there is no service"):
        run("preview", "p.toml")


@pytest.mark.usefixtures("service")
def test_a_file_names_its_version(folder: Path) -> None:
    """Approve and activate take the file that was added; one that says something else is not what was added."""
    with pytest.raises(InvalidInput, match=r"p\.toml is version [0-9a-f]{12}, which was not added"):
        run("activate", "p.toml", "--by", "ada")
    version = json.loads(run("add", "p.toml", "--by", "ada", "--json"))["version"]
    preview("--by", "ada")
    assert json.loads(run("approve", "p.toml", "--by", "bob", "--json"))["version"] == version
    (folder / "p.toml").write_text((folder / "p.toml").read_text().replace("30.0", "31.0"))
    with pytest.raises(InvalidInput, match="which was not added"):
        run("approve", "p.toml", "--by", "bob")


@pytest.mark.usefixtures("service")
def test_a_version_that_was_not_added_is_not_recorded(folder: Path) -> None:
    """Its file can be previewed; for the record it must be added first."""
    (folder / "other.toml").write_text(f'name = "other"\n{BLOCKS}')
    run("add", "other.toml", "--by", "ada")
    with pytest.raises(MissingData, match="add it first"):
        preview("--by", "ada")


def test_against_another(folder: Path) -> None:
    """What changes from a policy that touches nobody."""
    (folder / "mild.toml").write_text('name = "mild"\n' + rule_text(when="stream.accused", then="observe"))
    found = told("--against", "mild.toml")["changes"]
    assert (found["harsher"], found["milder"], found["newly"]["exchanges"]) == (1, 0, 2)
    assert "1 streams harsher" in preview("--against", "mild.toml")


def test_protected_accounts_are_kept(folder: Path) -> None:
    """The operator's list is a guard of the preview as of decisions."""
    (folder / "protected.txt").write_text("o\n")
    found = told("--protected", "protected.txt")["preview"]
    assert (found["touched"]["exchanges"], found["guards"][0]["guard"]) == (0, "protected")


def test_a_stage_is_looked_at_and_not_recorded() -> None:
    """A preview of a stage says so; it cannot be recorded."""
    assert told("--stage", "10")["preview"]["stage"] == 0.1
    with pytest.raises(InvalidInput, match="100 %"):
        preview("--stage", "10", "--by", "ada")


@pytest.mark.parametrize("more", [(), ("--findings", FINDINGS, "--index", "index")])
def test_one_source_of_streams_is_needed(more: tuple[str, ...]) -> None:
    """Neither or both of --findings and --index mean nothing."""
    with pytest.raises(InvalidInput, match="one of --findings and --index"):
        run("preview", "p.toml", "--traffic", LOGS, *more)


def test_a_page_that_cannot_be_written() -> None:
    """The path is named."""
    with pytest.raises(UnreadableSource, match=r"no/such/page\.html"):
        preview("--out", "no/such/page.html")


def test_a_service_that_is_named_must_be_there(folder: Path) -> None:
    """Without any service a preview is made all the same; one that was named and is not there would go unnoticed."""
    (folder / "other.toml").write_text('folder = "other"\n')
    assert told()["recorded"] is None
    with pytest.raises(MissingData, match=r"there is no service in .*other"):
        preview("--settings", "other.toml")
    assert not (folder / "stillwatch-service").exists()


def test_those_whom_the_service_protects_are_kept_unless_others_are_named(folder: Path) -> None:
    """The list of the settings counts; one that is named takes its place."""
    (folder / "stillwatch-service.toml").write_text('[decide]\nprotected = "kept.txt"\n')
    (folder / "kept.txt").write_text("o\n")
    (folder / "nobody.txt").write_text("somebody else\n")
    assert told()["preview"]["touched"]["exchanges"] == 0
    assert told("--protected", "nobody.txt")["preview"]["touched"]["exchanges"] == 2
