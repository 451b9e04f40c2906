"""The table that a scan prints. Everything from the logs is plain text to rich: no markup, no control characters."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stillwatch.model.campaign import Campaign, Verdict
from stillwatch.model.findings import Findings
from stillwatch.report import quantities, sentences, wording

__all__ = ["print_findings"]

_STYLES = {
    Verdict.HARVEST: "bold red",
    Verdict.RELAY: "magenta",
    Verdict.RELATED: "cyan",
    Verdict.EVALUATION: "blue",
    Verdict.TOOL: "green",
    Verdict.UNCLEAR: "yellow",
}


def print_findings(findings: Findings, console: Console, report: Path | None = None) -> None:
    """Print the campaigns, what became of the rows, what could not be judged, the warning and where the report is.

    report      Path of the page, None when it was not written.
    """
    console.print(Text(sentences.summary(findings), "bold"))
    if findings.campaigns:
        table = _table(findings)
        fits = console.measure(table, options=console.options.update_width(1000)).maximum <= console.width
        console.print(table if fits else Group(*map(_card, findings.campaigns)))
    for line in _lines(findings):
        console.print(line)
    if report is not None:
        console.print(Text.assemble("report: ", (str(report), "bold")), soft_wrap=True)


def _table(findings: Findings) -> Table:
    channels = _channel_names(findings)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("campaign", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("streams", "accounts", "exchanges", "bits", *channels):
        table.add_column(sentences.named(name, 14), justify="right", no_wrap=True)
    table.add_column("first seen", no_wrap=True)
    table.add_column("exposure", overflow="fold")
    for campaign in findings.campaigns:
        table.add_row(*_cells(campaign, channels))
    return table


def _cells(campaign: Campaign, channels: list[str]) -> Iterator[Text]:
    yield Text(sentences.named(campaign.campaign_id, 18))
    yield _verdict(campaign)
    for number in (campaign.n_streams, campaign.n_accounts, campaign.n_exchanges):
        yield Text(quantities.count(number))
    yield Text(quantities.bits(campaign.bits), "bold")
    by_channel = _by_channel(campaign)
    for channel in channels:
        yield Text(by_channel.get(channel, "–"))
    yield Text(quantities.day(campaign.first_seen))
    yield Text(_taken(campaign))


def _card(campaign: Campaign) -> RenderableType:
    """One campaign in three lines, for narrow terminals and pipes."""
    channels = ", ".join(f"{sentences.named(name)} {bits}" for name, bits in _by_channel(campaign).items())
    size = (
        f"{quantities.count(campaign.n_streams)} streams of {quantities.count(campaign.n_accounts)} accounts, "
        f"{quantities.count(campaign.n_exchanges)} exchanges, first seen {quantities.day(campaign.first_seen)}"
    )
    lines = (size, f"bits by channel: {channels or '–'}; exposure: {_taken(campaign)}")
    head = Text.assemble(sentences.named(campaign.campaign_id, 32), "  ", _verdict(campaign), "  ")
    head.append(f"{quantities.bits(campaign.bits)} bits", "bold")
    return Group(head, *(Padding(Text(line), (0, 0, 0, 2)) for line in lines))


def _verdict(campaign: Campaign) -> Text:
    return Text(wording.VERDICTS[campaign.verdict].label, _STYLES[campaign.verdict])


def _by_channel(campaign: Campaign) -> dict[str, str]:
    """Bits by channel of the family with most evidence."""
    if not campaign.families:
        return {}
    return {c.channel: quantities.bits(c.bits) if c.judged else "?" for c in campaign.families[0].channels}


def _channel_names(findings: Findings) -> list[str]:
    return list(dict.fromkeys(name for campaign in findings.campaigns for name in _by_channel(campaign)))


def _taken(campaign: Campaign) -> str:
    taken = campaign.exposure
    if taken.output_tokens is None:
        return quantities.usd(taken.cost_usd) if taken.cost_usd is not None else "–"
    tokens = f"{quantities.short(taken.output_tokens)} tokens"
    return f"{tokens} {quantities.usd(taken.cost_usd)}" if taken.cost_usd is not None else tokens


def _lines(findings: Findings) -> Iterator[Text]:
    yield Text("")
    yield Text(sentences.ingest_line(findings.tally))
    for sentence in sentences.not_judged(findings.not_judged):
        yield Text(f"not judged: {sentence}", "dim")
    if warning := sentences.reference_warning(findings):
        yield Text(warning, "yellow")
