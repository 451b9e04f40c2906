"""Completions in a file: read, gone on with, and what is broken told."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from stillwatch.errors import UnreadableSource
from stillwatch.trace.suspects.completions import CompletionsFile, asked_on, read_answers
from stillwatch.trace.suspects.suspect import Answer, Question

QUESTIONS = [Question(str(i), f"prompt {i}") for i in range(5)]


class Flaky:
    """Answers what it is told to and fails on the rest."""

    name = "flaky"

    def __init__(self, failing: set[str]) -> None:
        self.failing = failing
        self.asked: list[str] = []

    def answers(self, questions: Iterable[Question]) -> Iterator[Answer]:
        for one in questions:
            self.asked.append(one.question_id)
            is_bad = one.question_id in self.failing
            yield Answer(one.question_id, one.prompt, None if is_bad else "said", "status 500" if is_bad else "")


def test_work_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Answers are written as they come; a second run asks only what failed or was not asked."""
    path, first, second = tmp_path / "said.jsonl", Flaky({"1", "3"}), Flaky(set())
    assert sum(bool(one.completion) for one in asked_on(first, QUESTIONS, path)) == 3
    found = list(asked_on(second, QUESTIONS, path))
    assert second.asked == ["1", "3"]
    assert sorted(one.question_id for one in found) == list("01234")
    assert all(one.completion for one in found)
    assert list(asked_on(Flaky(set()), QUESTIONS, path))


def test_a_run_that_is_stopped_keeps_what_it_has(tmp_path: Path) -> None:
    """Nobody waits for the end: after two answers the file holds two."""
    path = tmp_path / "said.jsonl"
    running = asked_on(Flaky(set()), QUESTIONS, path)
    next(running)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert len(list(read_answers(path))) == 2


def test_a_file_answers_as_a_suspect(tmp_path: Path) -> None:
    """Questions it does not hold are told as such; broken lines and empty answers are no answers."""
    path = tmp_path / "said.jsonl"
    rows = [{"id": "0", "prompt": "p", "completion": "c"}, {"id": "1", "completion": ""}, {"id": 2, "completion": 5}]
    path.write_text("\n".join([*map(json.dumps, rows), "{broken"]))
    found = list(CompletionsFile(path).answers(QUESTIONS))
    assert [one.completion for one in found] == ["c", None, None, None, None]
    assert [one.problem for one in found] == ["", "said nothing", "said nothing", "not in the file", "not in the file"]
    assert [one.problem for one in read_answers(path)][-1] == "a broken line"
    assert CompletionsFile(path).name == "said.jsonl"


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """By its name and what is wrong."""
    with pytest.raises(UnreadableSource, match="cannot read"):
        list(read_answers(tmp_path / "none"))
    with pytest.raises(UnreadableSource, match="cannot"):
        list(asked_on(Flaky(set()), QUESTIONS, tmp_path / "none" / "said.jsonl"))
