"""What a preview prints. Everything from logs and policies is plain text to rich: no markup, no control characters."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stillwatch.act.policy.limits import Needs
from stillwatch.act.preview.compare import Changes
from stillwatch.act.preview.figures import Breakdown, Previewed
from stillwatch.report import quantities, sentences
from stillwatch.report.previewed import words

__all__ = ["print_changes", "print_preview"]

_STYLES: Final = {Needs.ONE: "bold green", Needs.TWO: "bold yellow", Needs.REFUSED: "bold red"}
_MOST_ROWS: Final = 8
_MOST_CAMPAIGNS: Final = 8

Cells = Sequence[str]


def print_preview(found: Previewed, console: Console, page: Path | None = None) -> None:
    """Print the verdict, who is touched, the hardest cases, what is not known, and what campaigns lose.

    page    Where the page is; None when it is not to be said.
    """
    said = words.NEEDS[found.needs]
    console.print(Text(words.summary(found), "bold"))
    console.print(Text.assemble((said.headline, _STYLES[found.needs]), f": {said.meaning}"))
    for _, _, _, _, told in words.limits(found):
        console.print(Text(f"  {told}"))
    _table(console, "What is done", ("rule", "action", "exchanges", "refused", "streams", "accounts"), _rules(found))
    for row in found.guards:
        console.print(Text(f"kept by a guard: {row.why}: {quantities.count(row.count.exchanges)} exchanges", "dim"))
    if found.touched.exchanges:
        for breakdown in found.breakdowns:
            heads = (breakdown.name, "touched", "share of band", "accounts touched")
            _table(console, f"By {breakdown.name}", heads, _bands(breakdown))
        _table(console, "Hardest cases", ("account", "action", "hardness", "why"), _cases(found))
        console.print(Text(words.HARDNESS, "dim"))
    console.print()
    console.print(Text("How many may be touched wrongly", "bold"))
    for sentence in (*words.doubts(found.doubt), *words.controls(found.doubt)):
        console.print(Text(f"- {sentence}"))
    console.print(Text(words.DISCLAIMER, "dim"))
    _print_effect(found, console)
    if page is not None:
        console.print()
        console.print(Text.assemble("page: ", (str(page), "bold")), soft_wrap=True)


def print_changes(found: Changes, console: Console) -> None:
    """Print what another policy changes."""
    console.print()
    console.print(
        Text(
            f"Against {found.before[:12]}: {quantities.count(found.harsher)} streams harsher, "
            f"{quantities.count(found.milder)} milder, {quantities.count(found.unchanged)} the same",
            "bold",
        )
    )
    rows = [
        (
            words.ACTIONS[one.before],
            words.ACTIONS[one.after],
            *map(quantities.count, (one.count.exchanges, one.count.accounts)),
        )
        for one in found.changes
    ]
    _table(console, "", ("before", "after", "exchanges", "accounts"), rows, n_texts=2)
    bands = [
        (f"{b.name}: {_named(b.label)}", *map(quantities.count, (b.newly, b.no_longer, b.still))) for b in found.by
    ]
    _table(console, "", ("accounts", "newly", "no longer", "still"), bands)


def _print_effect(found: Previewed, console: Console) -> None:
    if found.felt:
        console.print()
        for one in found.felt if len(found.felt) > 2 else found.felt[:1]:
            console.print(Text(words.felt(one)))
    if found.effects:
        console.print()
        console.print(Text(words.effect(found.effects[0])))
        heads = ("campaign", "exchanges", *(words.after(later) for later in found.effects[0].later), "as found")
        _table(console, "Share withheld, by how late a campaign is found", heads, _campaigns(found))


def _table(console: Console, title: str, heads: Cells, rows: Sequence[Cells], n_texts: int = 1) -> None:
    if title:
        console.print()
        console.print(Text(title, "bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for place, head in enumerate(heads):
        is_text = place < n_texts or head in {"action", "why"}
        table.add_column(head, justify="left" if is_text else "right", no_wrap=head != "why")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _rules(found: Previewed) -> list[Cells]:
    return [
        (
            "no rule" if row.rule is None else _named(row.rule),
            words.ACTIONS[row.action],
            *map(quantities.count, (row.count.exchanges, row.refused, row.count.streams, row.count.accounts)),
        )
        for row in found.rules
    ]


def _bands(breakdown: Breakdown) -> list[Cells]:
    """Bands that are touched; the page has all."""
    touched = [row for row in breakdown.rows if row.touched.exchanges]
    found: list[Cells] = []
    for row in touched[:_MOST_ROWS]:
        whole = "" if row.n_accounts is None else f" of {quantities.count(row.n_accounts)}"
        share = quantities.share(row.touched.exchanges / row.n_exchanges)
        accounts = f"{quantities.count(row.touched.accounts)}{whole}"
        found.append((_named(row.label), quantities.count(row.touched.exchanges), share, accounts))
    if len(touched) > _MOST_ROWS:
        rest = sum(row.touched.exchanges for row in touched[_MOST_ROWS:])
        found.append((f"{len(touched) - _MOST_ROWS} more", quantities.count(rest), "", ""))
    return found


def _cases(found: Previewed) -> list[Cells]:
    return [
        (
            _named(one.account_id),
            words.ACTIONS[one.action],
            f"{one.hardness:.2f}",
            _named("; ".join(words.reasons(one)), 400),
        )
        for one in found.hardest
    ]


def _campaigns(found: Previewed) -> list[Cells]:
    return [tuple(_campaign(found, place)) for place in range(1, min(len(found.effects), _MOST_CAMPAIGNS + 1))]


def _campaign(found: Previewed, place: int) -> Iterator[str]:
    one = found.effects[place]
    yield _named(one.campaign_id or "")
    yield quantities.count(one.exchanges)
    for later in one.later:
        yield quantities.share(later.exchanges)
    yield quantities.share(one.since_found.exchanges) if one.since_found else "–"


def _named(text: str, limit: int = 32) -> str:
    return sentences.named(text, limit)
