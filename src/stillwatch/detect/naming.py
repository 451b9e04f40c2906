"""Drafts become campaigns: numbers meet the ids and values of the logs."""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accused import StreamBook
from stillwatch.detect.campaigns import Draft
from stillwatch.detect.evidence import EvidenceDesk, graph_edges
from stillwatch.detect.exposure import exposure, heatmap, timeline, when
from stillwatch.detect.views import family_keys, view_of
from stillwatch.detect.views.mixing import mix
from stillwatch.model.campaign import Campaign, TemplatePart, Verdict
from stillwatch.model.findings import FINDING_EXCHANGE, HELD_STREAM, STREAM
from stillwatch.model.view import Grouping
from stillwatch.sketch import PhraseCounts, hash_strings, segment_spans
from stillwatch.stats.lookup import positions

__all__ = [
    "NAMED",
    "Example",
    "Named",
    "by_campaign",
    "campaign_id",
    "campaign_of",
    "finding_exchanges",
    "network_of",
    "stream_book",
    "stream_rows",
    "template_examples",
    "template_parts",
]

_MAX_TEMPLATE_BYTES: Final = 4_000

NAMED: pa.Schema = pa.schema(
    [(name, pa.string()) for name in ("exchange_id", "account_id", "model", "client_address", "tls_fingerprint")]
    + [("client_asn", pa.int64()), ("prompt_text", pa.string())]
)
"""Raw rows of found exchanges, row-aligned with ACCUSED; prompts only for the examples."""

Columns = Mapping[str, NDArray[Any]]


def stream_book(drafts: Sequence[Draft]) -> StreamBook:
    """Streams of all drafts; the smallest family wins an exchange that is in several, for it says most about it."""
    families = [(number, f) for number, draft in enumerate(drafts) for f in draft.families]
    size = [len(f.accounts) for _, f in families]
    number = np.repeat(np.array([n for n, _ in families], np.int32), size)
    return StreamBook.of(
        np.repeat(np.array([f.family for _, f in families], np.uint64), size),
        np.concatenate([np.zeros(0, np.uint64), *(f.accounts for _, f in families)]),
        number,
        np.repeat(np.fromiter(_ranks(drafts).values(), np.int32), size),
    )


def _ranks(drafts: Sequence[Draft]) -> dict[tuple[int, int], int]:
    """Rank of each family by the numbers of its draft and of itself: harvests first, in them the smallest."""
    families = [(number, at) for number, draft in enumerate(drafts) for at in range(len(draft.families))]
    accuses = [drafts[number].verdict is Verdict.HARVEST for number, _ in families]
    exchanges = [int(drafts[number].families[at].n.sum()) for number, at in families]
    volume = np.array(exchanges, np.float64) + np.where(accuses, 0.0, 1e18)
    return dict(zip(families, np.argsort(np.argsort(volume, kind="stable"), kind="stable").tolist(), strict=True))


def held_streams(drafts: Sequence[Draft], told: Iterable[int]) -> pa.Table:
    """Table HELD_STREAM of the drafts of these numbers, which are told as campaigns."""
    ids = {number: campaign_id(drafts[number]) for number in told}
    rank = _ranks(drafts)
    parts = [
        {
            "campaign_id": pa.array([ids[number]] * len(family.accounts), pa.string()),
            "family": np.full(len(family.accounts), family.family, np.uint64),
            "account": family.accounts,
            "rank": np.full(len(family.accounts), rank[number, at], np.int32),
        }
        for number in ids
        for at, family in enumerate(drafts[number].families)
    ]
    return pa.concat_tables([HELD_STREAM.empty_table(), *(pa.table(part, schema=HELD_STREAM) for part in parts)])


def campaign_id(draft: Draft) -> str:
    """Stable name: what the campaign was called before, else a hash of the family with the most bits.

    The name says nothing about anybody, so it may be spoken and written anywhere.
    """
    if draft.known is not None:
        return draft.known.campaign_id
    return f"campaign-{int(mix(np.array([draft.families[0].family], np.uint64))[0]) >> 32:08x}"


class Example(NamedTuple):
    """An exchange that shows the template of its family.

    exchange    Hash of the exchange, the smallest of the family in its campaign.
    n_fills     Different contents of the slots in the family.
    """

    exchange: int
    n_fills: int


def template_examples(drafts: Sequence[Draft], accused: Columns, grouping: Grouping) -> dict[int, Example]:
    """Example of each family that has a template, whichever family of its campaign brought the exchanges in."""
    number = {f.family: n for n, draft in enumerate(drafts) for f in draft.families if view_of(f.family).has_template}
    if not number:
        return {}
    wanted = np.array(sorted(number), np.uint64)
    campaign = np.array([number[int(family)] for family in wanted], np.int32)
    parts = []
    for keys in family_keys(accused, grouping, templates_only=True):
        at = positions(wanted, keys)
        rows = np.flatnonzero((at >= 0) & (campaign[at] == accused["campaign"]))
        parts.append(np.column_stack([at[rows], rows]))
    held = np.concatenate(parts)
    held = held[np.argsort(held[:, 0], kind="stable")]
    bounds = np.flatnonzero(np.diff(held[:, 0], prepend=-1, append=-1))
    return {int(wanted[held[i, 0]]): _example(accused, held[i:j, 1]) for i, j in pairwise(bounds)}


def _example(accused: Columns, rows: NDArray[np.int64]) -> Example:
    return Example(int(accused["exchange"][rows].min()), len(np.unique(accused["fill"][rows])))


@dataclass(frozen=True, slots=True)
class Named:
    """Readable values by hash, from the raw rows of found exchanges and the provider's table of accounts."""

    accounts: Mapping[int, str]
    models: Mapping[int, str]
    attributes: Mapping[int, str]

    @classmethod
    def of(cls, accused: Columns, raw: pa.Table, accounts: pa.Table) -> "Named":
        """`accused` and `raw` are row-aligned."""
        attributes = _names(hash_strings(accounts["payment_fingerprint"]), accounts["payment_fingerprint"])
        attributes |= _names(hash_strings(accounts["email_domain"]), accounts["email_domain"])
        attributes |= _names(accused["tls"], raw["tls_fingerprint"])
        attributes |= {key: f"AS{value}" for key, value in _names(accused["asn"], raw["client_asn"]).items()}
        attributes |= {
            key: network_of(value) for key, value in _names(accused["prefix"], raw["client_address"]).items()
        }
        hours = accounts["created_at"].cast(pa.int64()).drop_null().to_numpy() // 3_600_000_000
        attributes |= {int(h): f"{when(h * 3_600_000_000):%Y-%m-%d %H:00} UTC" for h in np.unique(hours)}
        return cls(_names(accused["account"], raw["account_id"]), _names(accused["model"], raw["model"]), attributes)


def _names(keys: NDArray[np.uint64], values: pa.ChunkedArray) -> dict[int, str]:
    known, first = np.unique(keys, return_index=True)
    found = values.take(pa.array(first)).to_pylist()
    return {int(k): str(v) for k, v in zip(known, found, strict=True) if k and v is not None}


def network_of(address: str) -> str:
    """The /24 or /48 of an address, as text; an IPv4 address inside IPv6 is that IPv4 address.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1::5"), network_of("::ffff:192.0.2.7")
    ('192.0.2.0/24', '2001:db8:1::/48', '192.0.2.0/24')
    """
    found = ipaddress.ip_address(address)
    known = (found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None) or found
    return str(ipaddress.ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False))


def template_parts(prompt: str, counts: PhraseCounts, n_fills: int) -> tuple[TemplatePart, ...]:
    """Fixed stretches of one example prompt and the slots between them; what was in the slots is not kept."""
    data = prompt.encode()[:_MAX_TEMPLATE_BYTES]
    text = data.decode(errors="ignore")
    parts: list[TemplatePart] = []
    at = 0
    data = text.encode()
    for start, stop in segment_spans(text, counts):
        if data[at:start].strip():
            parts.append(TemplatePart("", is_slot=True, n_fills=n_fills))
        parts.append(TemplatePart(data[start:stop].decode(errors="ignore"), is_slot=False))
        at = stop
    if parts and data[at:].strip():
        parts.append(TemplatePart("", is_slot=True, n_fills=n_fills))
    return tuple(parts)


def campaign_of(
    draft: Draft, accused: Columns, named: Named, desk: EvidenceDesk, not_judged: tuple[str, ...]
) -> Campaign:
    """One campaign with everything that people are shown. `accused` holds the exchanges of this draft, at least one."""
    busiest, grid = heatmap(dict(accused))
    accounts = np.unique(accused["account"])
    first_us = int(accused["time_us"].min())
    opened = first_us if draft.known is None or draft.known.first_us is None else draft.known.first_us
    return Campaign(
        campaign_id=campaign_id(draft),
        verdict=draft.verdict,
        reasons=draft.families[0].reasons,
        families=tuple(desk.family(family) for family in draft.families),
        n_streams=len(accounts),
        n_accounts=len(accounts),
        n_exchanges=len(accused["exchange"]),
        bits=draft.families[0].score_bits,
        first_seen=when(first_us),
        last_seen=when(accused["time_us"].max()),
        exposure=exposure(dict(accused), dict(named.models)),
        timeline=timeline(accused["time_us"]),
        heatmap=grid,
        heatmap_accounts=tuple(named.accounts[int(a)] for a in busiest),
        graph_edges=graph_edges(accounts, desk.book, named.attributes, named.accounts),
        not_judged=not_judged,
        open_since=when(opened) if opened < first_us else None,
        also_known_as=() if draft.known is None else draft.known.also_known_as,
    )


def by_campaign(accused: Columns) -> dict[int, Columns]:
    """Exchanges of each campaign that has any, in the order of the logs, by its number."""
    order = np.argsort(accused["campaign"], kind="stable")
    ordered = {name: values[order] for name, values in accused.items()}
    bounds = np.flatnonzero(np.diff(ordered["campaign"], prepend=-1, append=-1))
    return {
        int(ordered["campaign"][i]): {name: values[i:j] for name, values in ordered.items()}
        for i, j in pairwise(bounds)
    }


def stream_rows(
    drafts: Sequence[Draft], accused: Mapping[int, Columns], named: Named, n_by_account: pa.Table
) -> pa.Table:
    """Table STREAM: one row per campaign and account. `accused` as from `by_campaign`."""
    known, totals = n_by_account["account"].to_numpy(), n_by_account["n"].to_numpy()
    tables = [_streams_of(drafts[number], part, named, known, totals) for number, part in accused.items()]
    return pa.concat_tables([STREAM.empty_table(), *tables])


def _streams_of(
    draft: Draft, accused: Columns, named: Named, known: NDArray[np.uint64], totals: NDArray[np.int64]
) -> pa.Table:
    accounts, code, n = np.unique(accused["account"], return_inverse=True, return_counts=True)
    total = totals[np.searchsorted(known, accounts)]
    bits = _best(draft, accounts)
    first, last = np.full(len(accounts), np.iinfo(np.int64).max), np.zeros(len(accounts), np.int64)
    np.minimum.at(first, code, accused["time_us"])
    np.maximum.at(last, code, accused["time_us"])
    columns: dict[str, Iterable[Any]] = {
        "campaign_id": [campaign_id(draft)] * len(accounts),
        "account_id": [named.accounts[int(a)] for a in accounts],
        "verdict": [draft.verdict.value] * len(accounts),
        "account_bits": bits[0],
        "attribution_bits": bits[1],
        "n_exchanges": n,
        "account_n_exchanges": total,
        "share_of_account": n / total,
        "output_tokens": np.bincount(code, weights=accused["output_tokens"], minlength=len(n)).astype(np.int64),
        "first_seen": first,
        "last_seen": last,
    }
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in STREAM], schema=STREAM)


def _best(draft: Draft, accounts: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score and attribution of each account in the draft's best family that holds it."""
    score, attribution = np.full(len(accounts), -np.inf), np.zeros(len(accounts))
    for family in draft.families:
        at = np.searchsorted(accounts, family.accounts)
        inside = (at < len(accounts)) & (accounts[np.minimum(at, len(accounts) - 1)] == family.accounts)
        rows = at[inside]
        better = score[rows] < family.score_bits
        score[rows[better]] = family.score_bits
        attribution[rows[better]] = family.attribution_bits[inside][better]
    return score, attribution


def finding_exchanges(drafts: Sequence[Draft], accused: Columns, raw: pa.Table) -> pa.Table:
    """Table FINDING_EXCHANGE: every exchange of every campaign."""
    ids = pa.array([campaign_id(draft) for draft in drafts], pa.string())
    campaign = ids.take(pa.array(accused["campaign"])) if len(drafts) else pa.array([], pa.string())
    return pa.table([raw["exchange_id"], campaign, raw["account_id"]], schema=FINDING_EXCHANGE)
