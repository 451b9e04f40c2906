"""``stillwatch trace student`` and ``canary``: answers in files, an endpoint, and what is missing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.test_trace import run
from tests.trace.student import taught
from tests.trace.suspects.test_endpoint import Server, reply, said

from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.trace.home import TraceHome
from stillwatch.trace.keys.key import Purpose

tokenizers = pytest.importorskip("tokenizers")


def words(tokens: Any) -> str:
    """Tokens as text."""
    return " ".join(str(int(one)) for one in tokens)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys with two campaigns, prompts, and what a taught and an innocent student said."""
    place = tmp_path_factory.mktemp("student")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({str(i): i for i in range(taught.VOCABULARY)}, "0"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(place / "tokenizer.json"))
    (place / "accounts.txt").write_text("acct-1\n")
    (place / "campaigns.txt").write_text("c-1\nc-2\n")
    run("keys", "new", place / "keys")
    (place / "keys" / "master.secret").write_text("5e" * 32 + "\n")  # the same numbers in every run
    run(
        *("keys", "commit", "--keys", place / "keys", "--epoch", "e", "--by", "ada"),
        *("--accounts", place / "accounts.txt", "--campaigns", place / "campaigns.txt", "--delta", "2"),
        *("--tokenizer", place / "tokenizer.json"),
    )
    key = TraceHome(place / "keys").keeper.key(Purpose.CAMPAIGN, "c-1", "e")
    rng = np.random.default_rng(1)
    taught._MARKED.clear()
    student = taught.Table(taught.lessons(rng, 800, 1.0, key))
    innocent = taught.Table(taught.lessons(rng, 300, 0.0, None))
    served = [taught.text(rng, 200, key) for _ in range(20)]
    taught._MARKED.clear()
    (place / "served.jsonl").write_text("\n".join(json.dumps({"output": words(one)}) for one in served))
    for name, one in (("taught", student), ("innocent", innocent)):
        rows = []
        for i in range(60):
            prompt = taught.text(rng, 20)
            rows.append({"id": i, "prompt": words(prompt), "completion": words(one.complete(rng, prompt, 60))})
        (place / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (place / "questions.jsonl").write_text(
        "\n".join(json.dumps({"text": words(taught.text(rng, 20))}) for _ in range(3))
    )
    return place


def where(folder: Path) -> tuple[object, ...]:
    """Flags that every command takes."""
    return ("--keys", folder / "keys", "--epoch", "e", "--tokenizer", folder / "tokenizer.json")


def found(folder: Path, *arguments: object) -> dict[str, Any]:
    """The report as JSON."""
    told: dict[str, Any] = json.loads(run("student", *where(folder), "--json", *arguments))
    return told


def test_a_taught_student_is_named_and_an_innocent_is_not(folder: Path, tmp_path: Path) -> None:
    """By its answers: the campaign that taught it, not the other, and neither for the innocent."""
    told = found(folder, "--answers", folder / "taught.jsonl", "--out", tmp_path)
    assert (told["kind"], told["finding"]) == ("student", "found")
    assert [key["for_id"] for key in told["keys"]] == ["c-1"]
    assert told["keys"][0]["committed_at"] < told["made_at"]
    assert told["n_tests"] == 2
    assert run("verify", tmp_path / "bundle.zip").startswith("good")
    assert found(folder, "--answers", folder / "innocent.jsonl")["finding"] == "not-found"


def test_only_served_contexts_and_one_campaign(folder: Path) -> None:
    """A filter leaves fewer contexts; one campaign is one test."""
    every = found(folder, "--answers", folder / "taught.jsonl", "--campaign", "c-1")
    there = found(
        folder, "--answers", folder / "taught.jsonl", "--campaign", "c-1", "--served", folder / "served.jsonl"
    )
    assert every["n_tests"] == 1
    assert 0 < there["tests"][0]["count"] < every["tests"][0]["count"]


def test_marked_prompts_are_refused(folder: Path, tmp_path: Path) -> None:
    """Prompts that were served answers are no questions."""
    rows = [json.loads(line)["output"] for line in (folder / "served.jsonl").read_text().splitlines()]
    lines = [json.dumps({"id": i, "prompt": row, "completion": row}) for i, row in enumerate(rows)]
    (tmp_path / "bad.jsonl").write_text("\n".join(lines))
    with pytest.raises(InvalidInput, match="hold the mark of campaign c-1"):
        found(folder, "--answers", tmp_path / "bad.jsonl")


def test_an_endpoint_is_asked_and_gone_on_with(folder: Path, tmp_path: Path) -> None:
    """What failed is told; a second run asks only that again."""
    server = Server()
    try:
        server.behaviour = lambda handler, _: (
            reply(handler, 400, b"") if len(server.asked) == 2 else reply(handler, 200, said("1 2 3 4 5 6 7"))
        )
        asked = ("--url", server.url, "--name", "m", "--questions", folder / "questions.jsonl")
        told = found(folder, *asked, "--answers", tmp_path / "said.jsonl")
        counts = {one["name"]: one["count"] for one in told["counts"]}
        assert (counts["questions asked"], counts["of them not answered: status 400"]) == (3, 1)
        found(folder, *asked, "--answers", tmp_path / "said.jsonl")
        assert len(server.asked) == 4
    finally:
        server.server.shutdown()
        server.server.server_close()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "name --model alone"),
        (("--answers", "a", "--model", "b"), "name --model alone"),
        (("--url", "https://x/v1"), "name --model alone"),
        (("--url", "https://x/v1", "--answers", "a"), "--url needs --name"),
        (("--campaign", "c-9", "--answers", "a"), "no key of campaign c-9; to: c-1, c-2"),
        (("--model", "b"), "needs --texts"),
    ],
)
def test_what_is_missing_is_said(folder: Path, flags: tuple[str, ...], told: str) -> None:
    """Each with what to give."""
    with pytest.raises(InvalidInput, match=told):
        found(folder, *flags)


def test_the_wrong_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    """By the hash that was noted with the epoch: with another one every student looks innocent."""
    (tmp_path / "tokenizer.json").write_text((folder / "tokenizer.json").read_text() + "\n")
    flags = ("--keys", folder / "keys", "--epoch", "e", "--tokenizer", tmp_path / "tokenizer.json")
    with pytest.raises(InvalidInput, match="made with tokenizer"):
        run("student", *flags, "--answers", folder / "taught.jsonl")


def test_files_that_are_not_there(folder: Path, tmp_path: Path) -> None:
    """Answers, the endpoint's key, a model's folder."""
    with pytest.raises(UnreadableSource, match="cannot read"):
        found(folder, "--answers", tmp_path / "none")
    asked = ("--url", "https://x.invalid/v1", "--name", "m", "--questions", folder / "questions.jsonl")
    with pytest.raises(UnreadableSource, match="endpoint's key"):
        found(folder, *asked, "--answers", tmp_path / "a", "--secret", tmp_path / "none")
    with pytest.raises(MissingData, match=r"config\.json"):
        found(folder, "--model", tmp_path, "--texts", folder / "served.jsonl")


def test_canaries_from_plan_to_finding(folder: Path, tmp_path: Path) -> None:
    """Planned, asked for, scored: known ones are found, unknown ones are not; the files are for their owner only."""
    flags = ("--keys", folder / "keys", "--epoch", "e", "--campaign", "c-1", "--count", "6", "--held-out", "19")
    run("canary", "plan", *flags, "--out", tmp_path / "plan.jsonl")
    run("canary", "ask", *flags, "--out", tmp_path / "ask.jsonl")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("plan.jsonl", "ask.jsonl")} == {0o600}
    plan = [json.loads(line)["text"] for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    rows = [json.loads(line) for line in (tmp_path / "ask.jsonl").read_text().splitlines()]
    for name, knows, finding in (("known", True, "found"), ("unknown", False, "not-found")):
        scores = [
            {"canary": row["canary"], "scores": [float(knows and one in plan[i]) for one in row["secrets"]]}
            for i, row in enumerate(rows)
        ]
        (tmp_path / name).write_text("\n".join(map(json.dumps, scores)))
        told = json.loads(run("canary", "check", tmp_path / name, *flags, "--json"))
        assert (told["kind"], told["finding"]) == ("canary", finding)
    with pytest.raises(UnreadableSource, match="exists"):
        run("canary", "plan", *flags, "--out", tmp_path / "plan.jsonl")
    with pytest.raises(InvalidInput, match="no scores of 1 canaries, the first 6"):
        run("canary", "check", tmp_path / "known", *flags[:-4], "--count", "7", "--held-out", "19")
    with pytest.raises(MissingData, match="not among"):
        run("canary", "plan", *flags[:5], "c-7", "--out", tmp_path / "other.jsonl")
    (tmp_path / "bad").write_text('{"canary": "x"}')
    with pytest.raises(InvalidInput, match="number canary"):
        run("canary", "check", tmp_path / "bad", *flags)
    with pytest.raises(InvalidInput, match="file of scores, or --model"):
        run("canary", "check", *flags)
