"""``stillwatch trace``: from new keys to a named account, a signed bundle and a disclosed key, and what goes wrong."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.trace.leak import marked as toy
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import FailedProof, InvalidInput, MissingData, QuarantinedRows, UnreadableSource
from stillwatch.trace.engines.settings import EngineSettings
from stillwatch.trace.engines.tag import Tag, TagSecret
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.mark.options import Scheme

tokenizers = pytest.importorskip("tokenizers")


def run(*arguments: object, said: str | None = None) -> str:
    """Standard output of a command; what it raises comes through."""
    result = CliRunner().invoke(app, ["trace", *map(str, arguments)], input=said, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def tokenizer(path: Path, first: int = 0) -> Path:
    """A tokenizer of a thousand numbers."""
    words = {str(i): i - first for i in range(first, first + 1000)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, str(first)))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(path))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys, an epoch of 800 accounts, a suspect with twelve records of one of them, and a text of another."""
    place = tmp_path_factory.mktemp("trace")
    tokenizer(place / "tokenizer.json")
    (place / "accounts.txt").write_text("\n".join(toy.accounts_of(800)))
    run("keys", "new", place / "keys")
    (place / "keys" / "master.secret").write_text("5e" * 32 + "\n")  # the same numbers in every run
    told = run(
        *("keys", "commit", "--keys", place / "keys", "--epoch", "e1", "--by", "ada"),
        *("--accounts", place / "accounts.txt", "--tokenizer", place / "tokenizer.json"),
    )
    assert "committed to 802 keys" in told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toy, "KEEPER", KeyKeeper.open(place / "keys" / "master.secret"))
        patch.setattr(toy, "EPOCH", "e1")
        rng = np.random.default_rng(1)
        rows = [toy.marked(rng, "acct-00077", 100) for _ in range(12)] + [toy.innocent(rng, 100) for _ in range(20)]
        (place / "one.txt").write_text(" ".join(map(str, toy.marked(rng, "acct-00042", 160))))
        (place / "innocent.txt").write_text(" ".join(map(str, toy.innocent(rng, 160))))
    lines = [json.dumps({"id": i, "text": " ".join(map(str, row))}) for i, row in enumerate(rows)]
    (place / "suspect.jsonl").write_text("\n".join([*lines, "{broken"]))
    return place


def found(folder: Path, command: str, name: str, *more: object) -> dict[str, Any]:
    """The report of a command, as JSON."""
    where = ("--keys", folder / "keys", "--epoch", "e1", "--tokenizer", folder / "tokenizer.json")
    told: dict[str, Any] = json.loads(run(command, folder / name, *where, "--json", *more))
    return told


def test_a_data_set_names_its_account(folder: Path, tmp_path: Path) -> None:
    """The page, the JSON, the bundle and the place of the broken row are written; the bundle holds."""
    told = found(folder, "dataset", "suspect.jsonl", "--out", tmp_path)
    assert told["finding"] == "found"
    assert [key["for_id"] for key in told["keys"]] == ["acct-00077"]
    assert told["keys"][0]["committed_at"] < told["made_at"]
    assert told == json.loads((tmp_path / "report.json").read_text())
    assert "acct-00077" in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "quarantine.jsonl").read_text())["row"] == 33
    assert run("verify", tmp_path / "bundle.zip").startswith("good")
    counts = {one["name"]: one["count"] for one in told["counts"]}
    assert (counts["records read"], counts["of them quarantined"]) == (33, 1)
    with pytest.raises(InvalidInput, match="no report yet"):
        found(folder, "dataset", "suspect.jsonl", "--out", tmp_path)


def test_one_text_is_told_in_words(folder: Path) -> None:
    """The first line says what was found, whom it names, and what it does not prove; standard input too."""
    where = ("--keys", folder / "keys", "--epoch", "e1", "--tokenizer", folder / "tokenizer.json")
    told = run("text", folder / "one.txt", *where)
    assert told.startswith("Found in a text")
    assert "acct-00042" in told
    assert "What this does not prove" in told
    assert "acct-00042" in run("text", "-", *where, said=(folder / "one.txt").read_text())
    assert run("text", folder / "innocent.txt", *where).startswith("Not found")
    assert run("text", "-", *where, said="").startswith("Too little to tell")


def test_strict_says_that_a_record_could_not_be_read(folder: Path) -> None:
    """The report is printed, and the exit code tells."""
    with pytest.raises(QuarantinedRows, match="1 of 33"):
        found(folder, "dataset", "suspect.jsonl", "--strict")


def test_the_wrong_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    """By the hash that was noted with the epoch; a file that is none, and one that is not there."""
    tokenizer(tmp_path / "tokenizer.json", first=500)
    where = ("--keys", folder / "keys", "--epoch", "e1", "--tokenizer")
    with pytest.raises(InvalidInput, match="made with tokenizer"):
        run("text", folder / "one.txt", *where, tmp_path / "tokenizer.json")
    with pytest.raises(UnreadableSource, match="no tokenizer"):
        run("text", folder / "one.txt", *where, folder / "one.txt")
    with pytest.raises(MissingData, match=r"tokenizer\.json"):
        run("text", folder / "one.txt", *where, tmp_path / "none.json")


def test_epochs_and_keys_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    """The message names the epochs that there are, or the command that makes keys."""
    with pytest.raises(MissingData, match="there are: e1"):
        run("text", folder / "one.txt", "--keys", folder / "keys", "--epoch", "e2", "--tokenizer", folder / "one.txt")
    with pytest.raises(MissingData, match="trace keys new"):
        run("keys", "list", "--keys", tmp_path)
    with pytest.raises(UnreadableSource):
        run(
            "text",
            folder / "none",
            "--keys",
            folder / "keys",
            "--epoch",
            "e1",
            "--tokenizer",
            folder / "tokenizer.json",
        )


def test_an_epoch_is_committed_to_once(folder: Path) -> None:
    """Again under the same name is refused; so is a name that is a path, and an id that is there twice."""
    where = ("keys", "commit", "--keys", folder / "keys", "--by", "ada", "--accounts")
    with pytest.raises(InvalidInput, match="is there already"):
        run(*where, folder / "accounts.txt", "--epoch", "e1")
    with pytest.raises(InvalidInput, match="an epoch's name"):
        run(*where, folder / "accounts.txt", "--epoch", "../e9")
    (folder / "twice.txt").write_text("a\nb\n\na\n")
    with pytest.raises(InvalidInput, match=r"line 1 comes again .*:4"):
        run(*where, folder / "twice.txt", "--epoch", "e3")
    assert json.loads(run("keys", "list", "--keys", folder / "keys", "--json"))[0]["accounts"] == 800


def test_a_key_is_disclosed_and_checked(folder: Path, tmp_path: Path) -> None:
    """With its proofs, for its owner's eyes; checked against a time and the maker's key; never overwritten."""
    out, where = tmp_path / "key.json", ("--keys", folder / "keys", "--epoch", "e1", "--by", "ada")
    run("keys", "open", *where, "--account", "acct-00077", "--out", out)
    assert out.stat().st_mode & 0o777 == 0o600
    told = json.loads(run("keys", "check", out, "--json"))
    assert (told["purpose"], told["for"], told["signature_verified"]) == ("account", "acct-00077", False)
    with pytest.raises(FailedProof, match="not before"):
        run("keys", "check", out, "--before", "2020-01-01")
    out.write_text(out.read_text().replace("acct-00077", "acct-00078"))
    with pytest.raises(FailedProof, match="not the one that was committed"):
        run("keys", "check", out)
    with pytest.raises(InvalidInput, match="new file"):
        run("keys", "open", *where, "--account", "acct-00077", "--out", out)
    with pytest.raises(MissingData, match="not among"):
        run("keys", "open", *where, "--account", "stranger", "--out", tmp_path / "other.json")
    with pytest.raises(InvalidInput, match="either"):
        run("keys", "open", *where, "--out", tmp_path / "other.json")


def test_an_engine_is_set_up_with_the_epochs_scheme(folder: Path, tmp_path: Path) -> None:
    """The plugin reads what is written: its scheme is the epoch's, and a tag of the gateway's secret holds."""
    run("keys", "settings", "--keys", folder / "keys", "--epoch", "e1", "--out", tmp_path / "marks.json")
    found = EngineSettings.read(tmp_path / "marks.json")
    assert found.scheme == Scheme()
    sealed = TagSecret.open(folder / "keys" / "tags.secret").seal(Tag("acct-00007", "", "e1", 2_000_000_000))
    tag = found.tag_of({"stillwatch_mark": sealed}, now_s=1_999_999_999.0)
    assert tag is not None
    keeper = KeyKeeper.open(folder / "keys" / "master.secret")
    assert found.keys(tag).account == keeper.key(Purpose.ACCOUNT, "acct-00007", "e1")


def test_the_head_is_given_away(folder: Path, tmp_path: Path) -> None:
    """Printed or written: a signed head of the ledger."""
    told = json.loads(run("keys", "head", "--keys", folder / "keys"))
    assert {"ledger", "size", "root", "signature"} <= told.keys()
    run("keys", "head", "--keys", folder / "keys", "--out", tmp_path / "head.json")
    assert json.loads((tmp_path / "head.json").read_text())["size"] >= 1


def test_no_secret_is_printed_or_written(folder: Path, tmp_path: Path) -> None:
    """Neither the master secret nor a key stands in a report, a bundle, or the commitments."""
    found(folder, "dataset", "suspect.jsonl", "--out", tmp_path)
    keeper = KeyKeeper.open(folder / "keys" / "master.secret")
    secrets = {key.secret.hex() for key in keeper.keys(Purpose.ACCOUNT, toy.accounts_of(800), "e1")}
    secrets.add((folder / "keys" / "master.secret").read_text().strip())
    texts = [path.read_bytes() for path in (*tmp_path.iterdir(), folder / "keys/epochs/e1/commitments.txt")]
    assert not any(secret.encode() in text for secret in secrets for text in texts)
