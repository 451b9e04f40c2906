"""``stillwatch score-windows``: is a file of texts drawn as benign ones are, by the text alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.options import AsJson, Seed
from stillwatch.cli.progress import progress
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.detect.windows.drift import DriftScore
    from stillwatch.detect.windows.score import WindowScore
    from stillwatch.detect.windows.sliding import Window

__all__ = ["score_windows"]

MOST_LISTED = 50


def score_windows(
    benign: Annotated[
        Path, typer.Argument(metavar="BENIGN", help="Queries known to be benign, one a line or a table.")
    ],
    suspect: Annotated[Path, typer.Argument(metavar="SUSPECT", help="Queries to judge, in the same formats.")],
    *,
    day: Annotated[
        list[Path] | None,
        typer.Option(help="Benign queries of another day; repeat it. Drift between days is then a null of its own."),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column or field of the text.", show_default="text, prompt, query and the like")
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=20, help="Cut the suspect queries into windows of so many.", show_default="all")
    ] = None,
    step: Annotated[
        int | None, typer.Option(min=1, help="From one window's start to the next.", show_default="the window")
    ] = None,
    permutations: Annotated[
        int, typer.Option(min=99, max=99_999, help="Random deals; 1 in that many is the finest.")
    ] = 9999,
    level: Annotated[float, typer.Option(min=1e-5, max=0.5, help="Chance of a false alarm that is accepted.")] = 0.003,
    seed: Seed = 0,
    show_terms: Annotated[
        bool, typer.Option("--show-terms", help="Show the words most in excess: text of the prompts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether suspect queries are drawn as benign ones are, by text alone: an exact permutation p-value."""
    from stillwatch.detect.windows.drift import score_drift
    from stillwatch.detect.windows.sliding import adjusted, score_each, spans_of
    from stillwatch.detect.windows.texts import read_texts

    days = [read_texts(path, column) for path in (benign, *(day or ()))]
    texts = read_texts(suspect, column)
    _check_level(level, permutations)
    spans = spans_of(len(texts), min(window or len(texts), len(texts)) or 1, step or window or len(texts) or 1)
    with progress() as report:
        everything = [text for each in days for text in each]
        drawn = score_each(everything, texts, spans, permutations=permutations, seed=seed, on_progress=report)
        windows = adjusted(spans, list(drawn), level)
        drift = score_drift(days, texts, seed=seed, on_progress=report) if day else None
    if as_json:
        typer.echo(json.dumps(_document(windows, drift, level, show_terms=show_terms), ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(windows, drift, level, show_terms=show_terms)))


def _check_level(level: float, permutations: int) -> None:
    if level * (permutations + 1) < 1:
        message = f"permutations must be at least {int(1 / level)} for a level of {level}, got {permutations:,}"
        raise InvalidInput(message)


def _document(
    windows: "tuple[Window, ...]", drift: "DriftScore | None", level: float, *, show_terms: bool
) -> dict[str, Any]:
    from dataclasses import asdict

    p_value = min(each.holm for each in windows)
    found: dict[str, Any] = {
        "is_different": p_value <= level,
        "p_value": p_value,
        "level": level,
        "null": "every query could as well have stood on the other side",
        "windows": [_window_document(each, level, show_terms=show_terms) for each in windows],
    }
    if drift:
        found["drift"] = {"null": "the window is one more such day", **asdict(drift)}
    return found


def _window_document(each: "Window", level: float, *, show_terms: bool) -> dict[str, Any]:
    from dataclasses import asdict

    score = asdict(each.score)
    terms = score.pop("excess")
    score["share"] = each.score.share._asdict()
    shown = {"terms": terms} if show_terms else {}
    place = {"first": each.first, "last": each.last, "is_different": each.holm <= level}
    return {**place, "holm": each.holm, "is_found": each.is_found, **score, **shown}


def _lines(windows: "tuple[Window, ...]", drift: "DriftScore | None", level: float, *, show_terms: bool) -> list[str]:
    lines = _one(windows[0], level) if len(windows) == 1 else _many(windows, level)
    if drift:
        lines += _drift_lines(drift)
    if show_terms:
        worst = min(windows, key=lambda each: each.score.p_value)
        lines += ["", *_term_lines(worst.score)]
    return lines


def _one(each: "Window", level: float) -> list[str]:
    score = each.score
    differs = score.p_value <= level
    sizes = (
        f"{score.n_suspect:,} suspect against {score.n_benign:,} benign queries, {score.permutations:,} random deals"
    )
    return [
        _verdict(score, level),
        "",
        f"p-value      {_p(score)}  ({sizes})",
        f"foreign      {_share(score) if differs else 'not estimated: no difference was shown'}",
        "",
        "what differs      p-value  after looking at all",
        *(f"{part.name:<16} {part.p_value:>8.4g} {part.adjusted:>21.4g}" for part in score.parts),
        "",
        *_meaning(differs=differs),
    ]


def _verdict(score: "WindowScore", level: float) -> str:
    if score.p_value <= level:
        return f"DIFFERENT: the suspect queries are not drawn as the benign ones are (p = {_p(score)}, level {level:g})"
    return f"no difference shown: p = {_p(score)}, above the level of {level:g}"


def _meaning(*, differs: bool) -> list[str]:
    null = "Null: one source, so that every query could as well have stood on the other side."
    if differs:
        return [
            null,
            "It does not say why: a campaign, a new customer and a benign source that drifts all differ. Compare with",
            "benign queries of the same time and kind, or give benign days with --day to hold it against drift.",
        ]
    return [null, "It is no proof of innocence: a campaign of few queries, or like the benign ones, goes unseen."]


def _many(windows: "tuple[Window, ...]", level: float) -> list[str]:
    sure, found = sum(each.holm <= level for each in windows), sum(each.is_found for each in windows)
    shown = sorted(windows, key=lambda each: each.score.p_value)[:MOST_LISTED]
    shown.sort(key=lambda each: each.first)
    return [
        f"{sure} of {len(windows)} windows DIFFERENT at {level:g} allowing for all of them (Holm)",
        f"{found} if a share of {level:g} of those found may be false (Benjamini-Hochberg)",
        "",
        "  first     last  p-value     Holm  foreign (95 % interval)",
        *(_row(each, level) for each in shown),
        *([f"the {MOST_LISTED} smallest p-values of {len(windows)}"] if len(windows) > MOST_LISTED else []),
        "",
        *_meaning(differs=sure > 0),
    ]


def _row(each: "Window", level: float) -> str:
    mark = "  DIFFERENT" if each.holm <= level else ""
    share = _share(each.score) if mark else ""
    return f"{each.first:>7,} {each.last:>8,} {each.score.p_value:>8.4g} {each.holm:>8.4g}  {share}{mark}"


def _drift_lines(drift: "DriftScore") -> list[str]:
    n_blocks = drift.n_days + 1
    return [
        "",
        f"against drift: place {drift.rank} of {n_blocks} by how far it stands out, p = {drift.p_value:.4g}",
        f"(with {drift.n_days} days no p-value is below {1 / n_blocks:.4g})",
        f"Null: the window is one more such day; {drift.n_texts:,} queries of each were used.",
    ]


def _term_lines(score: "WindowScore") -> list[str]:
    from stillwatch.report.visible import visible

    if not score.excess:
        return ["no words in excess"]
    return [
        "words in excess            suspect    benign     bits",
        *(f"{visible(e.text):<26} {e.n_suspect:>7,} {e.n_benign:>9,} {e.bits:>8.1f}" for e in score.excess),
    ]


def _share(score: "WindowScore") -> str:
    share = score.share
    return f"about {share.estimate:.0%} (95 % interval {share.low:.0%} to {share.high:.0%})"


def _p(score: "WindowScore") -> str:
    return f"{score.p_value:.4g}"
