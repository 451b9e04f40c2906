"""The table that a scan prints. Everything from the logs is plain text to rich: no markup, no control characters."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.findings import Findings
from stillwatch.report import calibrated, quantities, sentences, wording

__all__ = ["print_findings", "print_report"]

_STYLES = {
    Verdict.HARVEST: "bold red",
    Verdict.RELAY: "magenta",
    Verdict.RELATED: "cyan",
    Verdict.EVALUATION: "blue",
    Verdict.TOOL: "green",
    Verdict.UNCLEAR: "yellow",
}


class _Column(NamedTuple):
    """A column of the table.

    room    Which columns stay when there is little room: 0 always, then the lowest first.
    """

    name: str
    cell: Callable[[Campaign], Text]
    room: int
    is_number: bool = True


def print_findings(findings: Findings, console: Console, report: Path | None = None) -> None:
    """Print what somebody should look into, what became of the rows, what could not be judged, and the warning.

    report      Path of the page, None when it is not to be said.
    """
    console.print(Text(sentences.summary(findings), "bold"))
    open_, settled = sentences.triage(findings.campaigns)
    if open_:
        console.print()
        table, left_out = _fitting(open_, console)
        console.print(table)
        if left_out:
            _say(console, f"not shown for want of room: {', '.join(left_out)}", "dim")
        _say(console, _legend(findings, left_out), "dim")
    if settled:
        _say(console, f"The {len(settled)} that look legitimate are listed in report.html and campaigns.json.", "dim")
    console.print()
    for line in _lines(findings):
        console.print(line)
    if report is not None:
        print_report(findings, report, console)


def print_report(findings: Findings, report: Path, console: Console) -> None:
    """Print where the page is, and what to do next."""
    console.print()
    console.print(Text.assemble("report: ", (str(report), "bold")), soft_wrap=True)
    open_, _ = sentences.triage(findings.campaigns)
    explained = "".join(
        f", or: stillwatch explain {sentences.named(campaign.campaign_id, 32)} --in {report.parent}"
        for campaign in open_[:1]
    )
    console.print(Text(f"next: open it in a browser{explained}"), soft_wrap=True)


def _say(console: Console, words: str, style: str = "") -> None:
    console.print(Text(words, style))


def _legend(findings: Findings, left_out: Sequence[str]) -> str:
    """What the numbers of the table are."""
    score = f"score: bits for harvest against legitimate use, alarm from {quantities.bits(findings.bar_bits)}"
    names = [name for name in _channel_names(findings.campaigns) if _channel_title(name) not in left_out]
    if not names:
        return score
    return f"{score}; {', '.join(map(_channel_title, names))}: bits that one hand runs the accounts"


def _fitting(campaigns: Sequence[Campaign], console: Console) -> tuple[Table, list[str]]:
    """Table with as many columns as there is room for, and the names of those left out."""
    columns = _columns(campaigns)
    for room in sorted({column.room for column in columns}, reverse=True):
        chosen = [column for column in columns if column.room <= room]
        table = _table(campaigns, chosen)
        if console.measure(table, options=console.options.update_width(1000)).maximum <= console.width:
            break
    return table, [column.name for column in columns if column not in chosen]


def _columns(campaigns: Sequence[Campaign]) -> list[_Column]:
    """All columns, in order."""
    return [
        _Column("campaign", lambda c: Text(sentences.named(c.campaign_id, 20)), 0, is_number=False),
        _Column("verdict", _verdict, 0, is_number=False),
        _Column("score", lambda c: Text(quantities.bits(c.bits), "bold"), 0),
        _Column("streams", lambda c: Text(quantities.count(c.n_streams)), 0),
        _Column("accounts", lambda c: Text(quantities.count(c.n_accounts)), 4),
        _Column("exchanges", lambda c: Text(quantities.count(c.n_exchanges)), 0),
        *(_Column(_channel_title(name), _channel_cell(name), 3) for name in _channel_names(campaigns)),
        _Column("first seen", lambda c: Text(quantities.day(c.first_seen)), 1, is_number=False),
        *([_Column("open since", _opened, 1, is_number=False)] if any(c.open_since for c in campaigns) else []),
        _Column("output tokens", lambda c: Text(_known(c.exposure.output_tokens, quantities.short)), 2),
        _Column("value", lambda c: Text(_known(c.exposure.cost_usd, quantities.usd)), 1),
    ]


def _table(campaigns: Sequence[Campaign], columns: Sequence[_Column]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column.name, justify="right" if column.is_number else "left", no_wrap=True)
    for campaign in campaigns:
        table.add_row(*(column.cell(campaign) for column in columns))
    return table


def _verdict(campaign: Campaign) -> Text:
    return Text(wording.VERDICTS[campaign.verdict].label, _STYLES[campaign.verdict])


def _opened(campaign: Campaign) -> Text:
    """When a campaign of an earlier scan began."""
    return Text("new" if campaign.open_since is None else quantities.day(campaign.open_since))


def _known(number: float | None, write: Callable[[float], str]) -> str:
    return "–" if number is None else write(number)


def _channel_names(campaigns: Sequence[Campaign]) -> list[str]:
    """Channels that the strongest family of any campaign has."""
    return list(dict.fromkeys(channel.channel for c in campaigns for f in c.families[:1] for channel in f.channels))


def _channel_title(name: str) -> str:
    return wording.CHANNELS[name].name if name in wording.CHANNELS else sentences.named(name, 18)


def _channel_cell(name: str) -> Callable[[Campaign], Text]:
    """Bits of one channel in the strongest family; a question mark where it was not judged."""

    def cell(campaign: Campaign) -> Text:
        for family in campaign.families[:1]:
            for channel in family.channels:
                if channel.channel == name:
                    return Text(quantities.bits(channel.bits) if channel.judged else "?")
        return Text("–")

    return cell


def _lines(findings: Findings) -> Iterator[Text]:
    yield Text(sentences.ingest_line(findings.tally))
    for sentence in sentences.not_judged(findings.not_judged):
        yield Text(f"not judged: {sentence}", "dim")
    if line := calibrated.calibration_line(findings):
        yield Text(line)
    for warning in (sentences.reference_warning(findings), *calibrated.warnings(findings)):
        if warning:
            yield Text(warning, "yellow")
