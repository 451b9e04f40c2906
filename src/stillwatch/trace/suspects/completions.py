"""Completions in a file: what a suspect said, one JSON object a line, written as it says it and read again to go on."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from stillwatch.errors import UnreadableSource
from stillwatch.ingest.lines import json_lines
from stillwatch.model.reader import Rejected
from stillwatch.trace.suspects.suspect import Answer, ClosedSuspect, Question

__all__ = ["CompletionsFile", "asked_on", "read_answers"]

_PROBLEM: Final = "problem"


class CompletionsFile:
    """A closed suspect whose answers lie in a file: for a test without a network, or of others' collection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    def answers(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Answers of the file to these questions; a question without one is an answer with its problem.

        Raises      UnreadableSource when the file cannot be read.
        """
        known = {answer.question_id: answer for answer in read_answers(self._path)}
        for question in questions:
            missing = Answer(question.question_id, question.prompt, None, "not in the file")
            yield known.get(question.question_id, missing)


def read_answers(path: Path) -> Iterator[Answer]:
    """Answers of a file, with fields ``id``, ``prompt`` and ``completion``; lines that are none are passed on as such.

    Raises      UnreadableSource when the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            for line in json_lines(stream):
                if isinstance(line, Rejected):
                    yield Answer(f"line {line.row}", "", None, "a broken line")
                    continue
                given = [line.fields.get(name) for name in ("id", "prompt", "completion")]
                question_id = str(given[0]) if isinstance(given[0], str | int) else f"line {line.row}"
                prompt = given[1] if isinstance(given[1], str) else ""
                completion = given[2] if isinstance(given[2], str) and given[2] else None
                told = line.fields.get(_PROBLEM)
                problem = "" if completion else told if isinstance(told, str) and told else "said nothing"
                yield Answer(question_id, prompt, completion, problem)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error


def asked_on(suspect: ClosedSuspect, questions: Iterable[Question], path: Path) -> Iterator[Answer]:
    """Ask a suspect and write every answer down at once; what the file holds already is not asked again.

    Failures are asked again when the work goes on another day.
    Raises      UnreadableSource when the file cannot be read or written; as the suspect raises.
    """
    known = {one.question_id: one for one in read_answers(path) if one.completion} if path.exists() else {}
    wanted = list(questions)
    yield from (known[one.question_id] for one in wanted if one.question_id in known)
    try:
        with path.open("a", encoding="utf-8") as file:
            for answer in suspect.answers([one for one in wanted if one.question_id not in known]):
                told = {"id": answer.question_id, "prompt": answer.prompt, "completion": answer.completion}
                file.write(json.dumps(told | ({_PROBLEM: answer.problem} if answer.problem else {})) + "\n")
                file.flush()
                yield answer
    except OSError as error:
        if isinstance(error, UnreadableSource):
            raise
        message = f"cannot write {path}: {error.strerror or type(error).__name__}"
        raise UnreadableSource(message) from error
