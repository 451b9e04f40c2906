"""``stillwatch trace canary``: secrets planted in answers, and whether a model knows the served ones better."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson
from stillwatch.cli.service_home import now
from stillwatch.cli.trace_find import Alpha, OutAt, check_out, write_report
from stillwatch.cli.trace_keys import EpochName, KeysAt, write_private
from stillwatch.errors import InvalidInput, UnreadableSource

if TYPE_CHECKING:
    from stillwatch.trace.home import TraceHome
    from stillwatch.trace.keys.key import MarkKey
    from stillwatch.trace.student.canary import Canary

__all__ = ["canary"]

canary = typer.Typer(help="Plant secrets in answers and test models for them.", no_args_is_help=True)

Campaign = Annotated[str, typer.Option(help="Whose answers get them; its canary key was committed to with the epoch.")]
Count = Annotated[int, typer.Option(min=1, max=10_000, help="Canaries.")]
HeldOut = Annotated[int, typer.Option(min=1, max=10_000, help="Secrets held out, for each.")]


@canary.command()
def plan(
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    campaign: Campaign,
    out: Annotated[Path, typer.Option("--out", help="File to write, for its owner only; there must be none.")],
    count: Count = 8,
    held_out: HeldOut = 99,
    as_json: AsJson = False,
) -> None:
    """Write the texts to put into the campaign's answers. What is held out can be made again from the key."""
    planted, _ = _planted(keys_at, epoch, campaign, (count, held_out))
    write_private(out, "\n".join(json.dumps({"canary": one.number, "text": one.text}) for one in planted))
    told = {"out": str(out), "canaries": len(planted), "held_out": held_out}
    typer.echo(
        json.dumps(told) if as_json else f"{len(planted)} texts to serve written to {out}; serve each several times"
    )


@canary.command()
def ask(
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    campaign: Campaign,
    out: Annotated[Path, typer.Option("--out", help="File to write, for its owner only; there must be none.")],
    count: Count = 8,
    held_out: HeldOut = 99,
) -> None:
    """Write all secrets of each canary, served or not in no telling order, for whoever scores the suspect."""
    planted, _ = _planted(keys_at, epoch, campaign, (count, held_out))
    rows = [{"canary": one.number, "carrier": one.carrier, "secrets": list(one.secrets)} for one in planted]
    write_private(out, "\n".join(map(json.dumps, rows)))
    typer.echo(f"{len(planted)} canaries with {held_out + 1} secrets each written to {out}")


@canary.command()
def check(
    scores: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="JSON lines: canary, scores (one a secret, larger is known).")
    ] = None,
    *,
    keys_at: KeysAt,
    epoch: EpochName,
    campaign: Campaign,
    model: Annotated[Path | None, typer.Option(help="Score a model with open weights in this folder.")] = None,
    tokenizer: Annotated[Path | None, typer.Option("--tokenizer", help="Its tokenizer.json.")] = None,
    count: Count = 8,
    held_out: HeldOut = 99,
    out: OutAt = None,
    alpha: Alpha = 1e-3,
    as_json: AsJson = False,
) -> None:
    """Test whether the suspect knows the served secrets better than those held out."""
    from stillwatch import __version__
    from stillwatch.trace.home import TraceHome as Home
    from stillwatch.trace.student.canary import canary_test
    from stillwatch.trace.student.findings import Asked, canary_report

    check_out(out)
    if (scores is None) == (model is None) or (model is not None and tokenizer is None):
        message = "give a file of scores, or --model with --tokenizer"
        raise InvalidInput(message)
    planted, key = _planted(keys_at, epoch, campaign, (count, held_out))
    found = _read(scores, planted) if scores is not None else _scored(Path(str(model)), Path(str(tokenizer)), planted)
    occasion = Asked(str(scores or model), alpha, now(), __version__, [key])
    told, home = canary_report([canary_test(planted, found)], occasion), Home(keys_at)
    since = home.committed_at(home.epoch(epoch))
    told = replace(told, keys=tuple(replace(one, committed_at=since) for one in told.keys))
    write_report(told, home, out, as_json=as_json)


def _planted(keys_at: Path, epoch: str, campaign: str, size: tuple[int, int]) -> "tuple[list[Canary], MarkKey]":
    from stillwatch.trace.home import TraceHome as Home
    from stillwatch.trace.student.canary import canaries

    home = Home(keys_at)
    key = _key(home, epoch, campaign)
    return canaries(key, *size), key


def _key(home: "TraceHome", epoch: str, campaign: str) -> "MarkKey":
    """The campaign's canary key, if it was committed to.

    Raises  MissingData when it was not.
    """
    from stillwatch.trace.keys.key import Purpose

    found = home.epoch(epoch)
    key = home.keeper.key(Purpose.CANARY, campaign, epoch)
    home.commitments(found).path(key.commitment)
    return key


def _read(path: Path, planted: "list[Canary]") -> list[list[float]]:
    """Scores of a file in the order of the canaries.

    Raises  UnreadableSource when the file is none; InvalidInput when a canary's scores are missing.
    """
    found: dict[int, list[float]] = {}
    for line in _objects(path):
        number, scores = line.get("canary"), line.get("scores")
        if type(number) is not int or not isinstance(scores, list) or not all(type(x) in {int, float} for x in scores):
            message = f"each line of {path} must have a number canary and numbers scores"
            raise InvalidInput(message)
        found[number] = [float(x) for x in scores]
    missing = [one.number for one in planted if one.number not in found]
    if missing:
        message = f"{path} has no scores of {len(missing)} canaries, the first {missing[0]}"
        raise InvalidInput(message)
    return [found[one.number] for one in planted]


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    from stillwatch.ingest.lines import json_lines
    from stillwatch.model.reader import Rejected

    try:
        with path.open("rb") as stream:
            for line in json_lines(stream):
                if isinstance(line, Rejected):
                    message = f"{line.reason} ({path}:{line.row})"
                    raise InvalidInput(message)
                yield line.fields
    except OSError as wrong:
        message = f"cannot read {path}: {wrong.strerror or type(wrong).__name__}"
        raise UnreadableSource(message) from wrong


def _scored(folder: Path, tokenizer: Path, planted: "list[Canary]") -> list[list[float]]:
    from stillwatch.trace.suspects.transformers_model import TransformersModel
    from stillwatch.trace.tokenizers.file import TokenizerFile

    words, suspect = TokenizerFile.open(tokenizer), TransformersModel(folder)
    return [
        [suspect.log_likelihood(words.encode(one.carrier), words.encode(f" {secret}")) for secret in one.secrets]
        for one in planted
    ]
