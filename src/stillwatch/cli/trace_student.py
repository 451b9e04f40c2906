"""``stillwatch trace student``: whether a model was trained on a campaign's marked answers."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.progress import progress
from stillwatch.cli.service_home import now
from stillwatch.cli.trace_find import Alpha, OutAt, TokenizerAt, check_out, write_report
from stillwatch.cli.trace_keys import EpochName, KeysAt
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from stillwatch.model.progress import Progress
    from stillwatch.model.tokenizer import Tokenizer
    from stillwatch.model.trace_report import TraceReport
    from stillwatch.trace.home import Epoch, TraceHome
    from stillwatch.trace.keys.key import MarkKey
    from stillwatch.trace.student.contexts import Asking, ServedContexts
    from stillwatch.trace.student.findings import Asked
    from stillwatch.trace.suspects.suspect import Answer, Question

__all__ = ["student"]

Texts = Annotated[
    list[str] | None, typer.Option(help="Unmarked texts to ask after, for --model; files as of `dataset`.")
]
Served = Annotated[
    list[str] | None,
    typer.Option(help="Answers that were served: only their contexts count. What stood after them is not looked at."),
]


def student(
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    tokenizer: TokenizerAt,
    model: Annotated[Path | None, typer.Option(help="Folder of a model with open weights (safetensors).")] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Folder of your own model without a mark: far less of the suspect is enough.")
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="File of completions: id, prompt, completion.")] = None,
    url: Annotated[str | None, typer.Option(help="OpenAI-compatible endpoint, https://HOST/v1.")] = None,
    name: Annotated[str | None, typer.Option(help="Model of the endpoint.")] = None,
    secret: Annotated[Path | None, typer.Option(help="File with the endpoint's key.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Ask /completions in place of /chat/completions.")] = False,
    questions: Annotated[list[str] | None, typer.Option(help="Prompts for --url; files as of `dataset`.")] = None,
    texts: Texts = None,
    served: Served = None,
    campaign: Annotated[
        list[str] | None, typer.Option(help="Only this campaign; may be repeated.", show_default="all of the epoch")
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="Contexts to ask at most, for --model.")] = 20_000,
    decoys: Annotated[int, typer.Option(min=1, max=100_000, help="Keys that were never used, for the rank.")] = 999,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    as_json: AsJson = False,
) -> None:
    """Test a model: open weights, a file of what it said, or an endpoint (answers go to --answers, and it resumes)."""
    from stillwatch.trace.home import TraceHome as Home
    from stillwatch.trace.student.contexts import Asking as Places
    from stillwatch.trace.tokenizers.file import TokenizerFile
    from stillwatch.trace.tokenizers.same import check_same

    check_out(out)
    home = Home(keys_at)
    found = home.epoch(epoch)
    keys = _keys(home, found, campaign)
    words = TokenizerFile.open(tokenizer)
    check_same(found.tokenizer, words)
    width = found.scheme.campaign_width
    with progress() as report:
        asking = Places(width, _served(served, words, width), budget if model else 1 << 40)
        if model is not None and answers is None and url is None:
            told = _open(
                (model, teacher), texts, (home, keys, decoys), (words, asking, found.scheme.gamma, alpha), report
            )
        elif model is None and (answers is not None):
            said = _answers(answers, (url, name, secret, plain), questions, report)
            told = _closed(said, keys, (words, asking, found.scheme.gamma, alpha), name or str(answers))
        else:
            message = "name --model alone, or --answers, or --url with --name, --questions and --answers"
            raise InvalidInput(message)
    since = home.committed_at(found)
    told = replace(told, keys=tuple(replace(key, committed_at=since) for key in told.keys))
    write_report(told, home, out, as_json=as_json)


def _keys(home: "TraceHome", epoch: "Epoch", wanted: list[str] | None) -> "list[MarkKey]":
    keys = [key for key in home.campaign_keys(epoch) if not wanted or key.for_id in wanted]
    missing = set(wanted or ()) - {key.for_id for key in keys}
    if missing or not keys:
        known = ", ".join(epoch.campaigns[:10]) or "none"
        message = (
            f"epoch {epoch.name} committed to no key of campaign {', '.join(sorted(missing)) or 'any'}; to: {known}"
        )
        raise InvalidInput(message)
    return keys


def _texts(named: list[str]) -> "Iterator[str]":
    from tempfile import TemporaryDirectory

    from stillwatch.ingest.sources import expand
    from stillwatch.trace.leak.records import Tally, records_of

    with TemporaryDirectory() as spool:
        for record in records_of(expand(named, Path(spool)), Tally()):
            yield record.text


def _served(named: list[str] | None, tokenizer: "Tokenizer", width: int) -> "ServedContexts | None":
    from stillwatch.trace.student.contexts import ServedContexts as Served

    if not named:
        return None
    found = Served(width)
    for text in _texts(named):
        found.add(tokenizer.encode(text))
    return found


def _asked(subject: str, alpha: float, keys: "list[MarkKey]") -> "Asked":
    from stillwatch import __version__
    from stillwatch.trace.student.findings import Asked as Occasion

    return Occasion(subject, alpha, now(), __version__, keys)


def _open(
    folders: tuple[Path, Path | None],
    named: list[str] | None,
    whose: "tuple[TraceHome, list[MarkKey], int]",
    how: "tuple[Tokenizer, Asking, float, float]",
    report: "Progress",
) -> "TraceReport":
    from stillwatch.trace.student.findings import open_report
    from stillwatch.trace.student.open_weights import exam, open_test
    from stillwatch.trace.suspects.transformers_model import TransformersModel

    (home, keys, decoys), (tokenizer, asking, gamma, alpha) = whose, how
    if not named:
        message = "--model needs --texts: unmarked texts to ask after, such as human text or unmarked answers"
        raise InvalidInput(message)
    folder, of_teacher = folders
    suspect = TransformersModel(folder)
    usual = TransformersModel(of_teacher) if of_teacher is not None else None

    def encoded() -> "Iterator[NDArray[np.int64]]":
        for text in _texts(named):
            yield tokenizer.encode(text)
            report("exam", min(asking.count, asking.budget), asking.budget)

    weighed = exam(suspect, encoded(), asking, usual)
    tests = [open_test(weighed, key, home.keeper.decoys(key, decoys), gamma) for key in keys]
    return open_report(tests, _asked(folder.name, alpha, keys))


def _answers(
    path: Path, endpoint: tuple[str | None, str | None, Path | None, bool], named: list[str] | None, report: "Progress"
) -> "list[Answer]":
    """Answers of a file, or of an endpoint with the file as what is known already."""
    from stillwatch.trace.suspects.completions import asked_on, read_answers

    url, name, secret, plain = endpoint
    if url is None:
        return list(read_answers(path))
    if not name or not named:
        message = "--url needs --name, the model, and --questions, the prompts"
        raise InvalidInput(message)
    from stillwatch.trace.suspects.endpoint import Endpoint

    suspect = Endpoint(url, name, _secret(secret), is_chat=not plain)
    questions = list(_questions(named))
    found = []
    for answer in asked_on(suspect, questions, path):
        found.append(answer)
        report("questions", len(found), len(questions))
    return found


def _questions(named: list[str]) -> "Iterator[Question]":
    """Prompts with ids of their own content, so that an answer is found again when the file of prompts has grown."""
    import hashlib

    from stillwatch.trace.suspects.suspect import Question as One

    for text in _texts(named):
        yield One(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32], text)


def _secret(path: Path | None) -> str:
    from stillwatch.errors import UnreadableSource

    if path is None:
        return ""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        message = f"cannot read the endpoint's key {path}: {type(wrong).__name__}"
        raise UnreadableSource(message) from wrong


def _closed(
    said: "list[Answer]", keys: "list[MarkKey]", how: "tuple[Tokenizer, Asking, float, float]", subject: str
) -> "TraceReport":
    from stillwatch.trace.student.closed import check_prompts, closed_test
    from stillwatch.trace.student.findings import closed_report

    tokenizer, asking, gamma, alpha = how
    for key in keys:
        check_prompts((one.prompt for one in said), tokenizer, key, asking.width, gamma)
    tests = closed_test(said, tokenizer, keys, gamma, asking)
    return closed_report(tests, _asked(subject, alpha, keys))
