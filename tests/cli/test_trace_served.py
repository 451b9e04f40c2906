"""``stillwatch trace served`` and what of it stands in a data set's report; marks of engines."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.cli.test_trace import run, tokenizer

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

pytest.importorskip("tokenizers")
RNG = np.random.default_rng(1)


def prose(seed: int, words: int = 240) -> str:
    """Words that nobody else has put in this order."""
    rng = np.random.default_rng(seed)
    return " ".join(f"word{i}" for i in rng.integers(0, 4000, words))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys, logs of forty answers, a suspect with five of one account, a background, an engine's marked text."""
    place = tmp_path_factory.mktemp("served")
    tokenizer(place / "tokenizer.json")
    (place / "accounts.txt").write_text("\n".join(f"acct-{i}" for i in range(8)))
    run("keys", "new", place / "keys")
    (place / "keys" / "master.secret").write_text("5e" * 32 + "\n")  # the same numbers in every run
    run(
        *("keys", "commit", "--keys", place / "keys", "--epoch", "e", "--by", "ada"),
        *("--accounts", place / "accounts.txt"),
    )
    rows = [
        {"exchange_id": f"x{i}", "account_id": f"acct-{i % 8}", "time": "2026-11-01T00:00:00Z", "prompt_text": "q",
         "output_text": prose(i)}
        for i in range(40)
    ]  # fmt: skip
    (place / "log.ndjson").write_text("\n".join(map(json.dumps, rows)))
    suspect = [prose(8 * i + 3) for i in range(5)] + [prose(1000 + i) for i in range(20)]
    (place / "suspect.jsonl").write_text("\n".join(json.dumps({"text": one}) for one in suspect))
    (place / "background.jsonl").write_text("\n".join(json.dumps({"text": prose(2000 + i)}) for i in range(60)))
    example = VllmGumbel.examples()[0]
    (place / "engine.txt").write_text(" ".join(map(str, example.marked(RNG, 300).tolist())))
    return place


def where(folder: Path) -> tuple[object, ...]:
    """Flags that every command takes."""
    return ("--keys", folder / "keys", "--epoch", "e")


def test_what_was_served_is_found_and_told_apart(folder: Path, tmp_path: Path) -> None:
    """Five records of one account; the index holds no text; the report has it apart, never among the tests."""
    told = run("served", "index", folder / "log.ndjson", *where(folder), "--out", tmp_path / "index.parquet")
    assert "40 exchanges with an answer, of 40 rows read" in told
    assert b"word" not in (tmp_path / "index.parquet").read_bytes()
    asked = ("--index", tmp_path / "index.parquet", "--background", folder / "background.jsonl")
    found = run("served", "match", folder / "suspect.jsonl", *where(folder), *asked, "--out", tmp_path / "match.json")
    assert found.startswith("5 of 25 records hold phrases")
    assert "account acct-3: 5 records" in found
    assert (
        json.loads(run("served", "match", folder / "suspect.jsonl", *where(folder), *asked, "--json"))["n_found"] == 5
    )
    flags = (*where(folder), "--tokenizer", folder / "tokenizer.json", "--log-match", tmp_path / "match.json", "--json")
    report = json.loads(run("dataset", folder / "suspect.jsonl", *flags))
    assert report["apart"][0].startswith("5 of 25 records")
    assert "never multiply" in report["apart"][-1]
    assert "acct-3" not in json.dumps(report["tests"][:1])
    with pytest.raises(InvalidInput, match="new file"):
        run("served", "index", folder / "log.ndjson", *where(folder), "--out", tmp_path / "index.parquet")


def test_an_engines_mark_is_found(folder: Path, tmp_path: Path) -> None:
    """With the JSON the engine was started with; another key finds nothing; a wrong flag says how."""
    flags = (*where(folder), "--tokenizer", folder / "tokenizer.json", "--json", "--engine")
    for key, finding in ((0x0123456789ABCDEF, "found"), (7, "not-found")):
        (tmp_path / "vllm.json").write_text(json.dumps({"algorithm": "gumbel", "key": key}))
        told = json.loads(run("text", folder / "engine.txt", *flags, f"vllm={tmp_path / 'vllm.json'}"))
        assert told["finding"] == finding
        assert told["n_tests"] == 9
    with pytest.raises(InvalidInput, match="ENGINE=FILE"):
        run("text", folder / "engine.txt", *flags, "vllm")
    with pytest.raises(InvalidInput, match="engine must be one of"):
        run("text", folder / "engine.txt", *flags, f"other={tmp_path / 'vllm.json'}")


def test_files_that_are_none_are_told(folder: Path, tmp_path: Path) -> None:
    """An index, a match and logs that are something else."""
    (tmp_path / "x").write_text("{}")
    with pytest.raises(UnreadableSource):
        run("served", "match", folder / "suspect.jsonl", *where(folder), "--index", tmp_path / "x")
    flags = (*where(folder), "--tokenizer", folder / "tokenizer.json", "--log-match")
    with pytest.raises(UnreadableSource):
        run("dataset", folder / "suspect.jsonl", *flags, tmp_path / "x")
    with pytest.raises(UnreadableSource, match="cannot read"):
        run("dataset", folder / "suspect.jsonl", *flags, tmp_path / "none")
