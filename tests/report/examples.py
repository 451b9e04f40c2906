"""Findings made up to develop and test the report: every verdict, long templates, hostile text, missing evidence."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from stillwatch.model.campaign import (
    Campaign,
    ChannelBits,
    Effect,
    Exposure,
    FamilyEvidence,
    NearestFamily,
    Reason,
    SharedAttribute,
    TemplatePart,
    Verdict,
)
from stillwatch.model.findings import FINDING_EXCHANGE, STREAM, Findings, Tally
from stillwatch.model.quarantine import QUARANTINE

__all__ = ["BAR_BITS", "HOSTILE", "empty_findings", "example_findings"]

BAR_BITS = 14.0
START = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = (
    "<script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)> {{ 7*7 }} {% raw %} </svg></style>"
    "\u202eright to left\u202c zero\u200bwidth \x1b[31mred\x1b[0m \x00nul [bold]markup[/bold] ]]> --> &amp; \u2028"
    "عربي 中文 z\u0335\u0321a\u0337l\u0336g\u0338o 'quote\" javascript:alert(1)"
)

_RUBRIC = """

When you are done, grade your own answer against this rubric (0 to 5 for correctness, 0 to 5 for clarity), then return
JSON with exactly the fields "reasoning", "answer", "score"."""

_TEMPLATE = (
    ("You are an expert tutor. Solve the problem below. Think step by step and number every step, starting with ", 0),
    ("", 7),
    (". For every step say which rule you use, why it applies, and what would go wrong if it were left out.\n\n", 0),
    ("", 38112),
    (_RUBRIC, 0),
)

_LOW = {
    "ti": 0.01,
    "own": 0.02,
    "hi": 0.02,
    "se": 0.015,
    "cd": 0.2,
    "loc": 0.012,
    "dr": 0.02,
    "rep": 0.03,
    "item": 0.0,
    "elic": 0.93,
}
_HIGH = {
    "ti": 0.34,
    "own": 0.27,
    "hi": 0.41,
    "se": 0.62,
    "cd": 2.9,
    "loc": 0.44,
    "dr": 0.03,
    "rep": 0.21,
    "item": 0.02,
    "elic": 0.08,
}
_RANGES = {
    "ti": (0.11, 0.61), "own": (0.03, 0.52), "hi": (0.16, 0.71), "se": (0.22, 0.84), "cd": (1.1, 4.2),
    "loc": (0.09, 0.58), "dr": (0.01, 0.22), "rep": (0.05, 0.64), "item": (0.0, 0.42), "elic": (0.0, 0.31),
}  # fmt: skip


def seeded(seed: int) -> random.Random:
    """Numbers that look random and are the same every time."""
    return random.Random(seed)  # noqa: S311 (nothing is secret here)


def _effects(values: Mapping[str, float], missing: Sequence[str], rng: random.Random) -> tuple[Effect, ...]:
    """Structure tests around `values`; those in `missing` could not be judged."""
    found = []
    for test, value in values.items():
        if test in missing:
            found.append(Effect(test, math.nan, math.nan, 0.0))
            continue
        low, high = _RANGES[test]
        error = rng.uniform(0.01, 0.04) * (3 if test == "cd" else 1)
        toward = (value > high) if test == "elic" else (value < low)
        found.append(Effect(test, value, error, rng.uniform(1, 6) * (1 if toward else -1), low, high))
    return tuple(found)


def _timeline(hours: int, per_hour: float, rng: random.Random, skip: float = 0.05) -> tuple[tuple[datetime, int], ...]:
    return tuple(
        (START + timedelta(hours=h), max(1, round(per_hour * rng.uniform(0.5, 1.5) * (1 + 0.5 * math.sin(h / 3.8)))))
        for h in range(hours)
        if rng.random() > skip
    )


def _heatmap(accounts: Sequence[str], human: float, rng: random.Random) -> tuple[tuple[int, ...], ...]:
    """Rows of 24 hours; `human` from 0 (flat) to 1 (own hours each)."""
    rows = []
    for i, _ in enumerate(accounts):
        peak, busy = rng.uniform(0, 24), 40 * 0.95**i
        rows.append(
            tuple(
                max(
                    0,
                    round(
                        busy * (1 - human + human * 2.2 * max(0, math.cos((h - peak) / 24 * math.tau)))
                        + rng.gauss(0, 2)
                    ),
                )
                for h in range(24)
            )
        )
    return tuple(rows)


def _edges(
    accounts: Sequence[str], kinds: Sequence[str], n_values: int, rng: random.Random
) -> list[tuple[str, str, int]]:
    values = [f"{kind}={rng.randrange(16**8):08x}" for kind in kinds for _ in range(n_values)]
    return [(account, rng.choice(values), rng.randrange(1, 40)) for account in accounts for _ in range(2)]


def _family(  # noqa: PLR0917 (an example)
    name: str,
    view: str,
    size: tuple[int, int],
    score: float,
    channels: tuple[ChannelBits, ...],
    effects: tuple[Effect, ...],
    template: tuple[TemplatePart, ...] = (),
) -> FamilyEvidence:
    return FamilyEvidence(
        family_id=name,
        view=view,
        n_accounts=size[0],
        n_exchanges=size[1],
        score_bits=score,
        coordination_bits=max(c.bits for c in channels) - 1.6,
        bits_without_payment=max(c.bits for c in channels) / 2 - 1.6,
        channels=channels,
        effects=effects,
        elicitation={"reasoning": 0.93, "grading": 0.71, "format": 0.93, "training": 0.02},
        shared=(
            SharedAttribute("payment", "pay-7f3a91", 41, 0.00003),
            SharedAttribute("prefix", "203.0.113.0/24", 22, 0.0011),
            SharedAttribute("signup", "2026-02-27 03:00", 64, 0.0008),
        ),
        template=template,
        nearest=(
            NearestFamily("benchmarks", 3.4, ("rep", "se", "cd"), ("item", "ti")),
            NearestFamily("enterprise", 2.1, ("ti", "hi"), ("elic", "cd")),
            NearestFamily("night-shift", 0.7, ("se",), ()),
        ),
    )


def _exposure(n: int, tokens_known: bool) -> Exposure:  # noqa: FBT001 (an example)
    return Exposure(
        n_exchanges=n,
        input_tokens=n * 410 if tokens_known else None,
        output_tokens=n * 760 if tokens_known else None,
        reasoning_tokens=n * 310 if tokens_known else None,
        cost_usd=n * 0.0132 if tokens_known else None,
        capabilities={
            "reasoning": n * 7 // 10,
            "grading": n // 10,
            "format": n // 10,
            "tools": 0,
            "plain": n - n * 9 // 10,
        },
        models={"large-4": n * 8 // 10, "large-5-preview": n - n * 8 // 10},
    )


def _channels(dispatch: float, infrastructure: float | None) -> tuple[ChannelBits, ...]:
    known = infrastructure is not None
    return (
        ChannelBits("dispatch", dispatch),
        ChannelBits("infrastructure", infrastructure or 0.0, judged=known),
        ChannelBits("both", dispatch + (infrastructure or 0.0), judged=known),
    )


def _template(parts: Sequence[tuple[str, int]] = _TEMPLATE) -> tuple[TemplatePart, ...]:
    return tuple(TemplatePart(text, is_slot=n > 0, n_fills=n) for text, n in parts)


def _campaign(  # noqa: PLR0917 (an example)
    name: str,
    verdict: Verdict,
    reasons: tuple[Reason, ...],
    families: tuple[FamilyEvidence, ...],
    human: float,
    seed: int,
    tokens_known: bool = True,  # noqa: FBT001, FBT002 (an example)
) -> Campaign:
    rng = seeded(seed)
    n_accounts, n_exchanges = families[0].n_accounts, sum(f.n_exchanges for f in families)
    accounts = [f"acct-{rng.randrange(10**6):06d}" for _ in range(min(60, n_accounts))]
    hours = 24 * (13 - seed % 5)
    timeline = _timeline(hours, n_exchanges / hours, rng)
    return Campaign(
        campaign_id=name,
        verdict=verdict,
        reasons=reasons,
        families=families,
        n_streams=n_accounts,
        n_accounts=n_accounts,
        n_exchanges=n_exchanges,
        bits=max(f.score_bits for f in families),
        first_seen=timeline[0][0],
        last_seen=timeline[-1][0] + timedelta(minutes=51),
        exposure=_exposure(n_exchanges, tokens_known),
        timeline=timeline,
        heatmap=_heatmap(accounts, human, rng),
        heatmap_accounts=tuple(accounts),
        graph_edges=tuple(_edges(accounts, ("payment", "prefix", "signup"), 5, rng)),
        not_judged=() if tokens_known else ("no-addresses", "no-tokens", "moon-phase"),
    )


def _harvest() -> Campaign:
    rng = seeded(1)
    families = (
        _family("f-01", "template", (312, 38112), 41.3, _channels(388.2, 96.4), _effects(_LOW, (), rng), _template()),
        _family("f-02", "rhythm", (290, 4113), 17.9, _channels(51.0, 12.2), _effects(_LOW, ("item",), rng)),
    )
    reasons = (
        Reason("score", 41.3, BAR_BITS),
        Reason("accounts", 312.0, 20.0),
        Reason("exchanges", 42225.0, 100.0),
        Reason("coordination", 482.9, 10.0),
    )
    return _campaign("c-4f1e09ab77", Verdict.HARVEST, reasons, families, 0.0, 1)


def _hostile() -> Campaign:
    """A harvest whose every free text attacks the page, and whose template is very long."""
    rng = seeded(2)
    long = _template([(HOSTILE, 0), ("", 912), ("Read this carefully. " * 900, 0), ("", 3)])
    family = _family("f-03", "template", (44, 2113), 19.4, _channels(44.1, None), _effects(_LOW, ("hi",), rng), long)
    family = replace(
        family,
        shared=(SharedAttribute("email_domain", HOSTILE, 12, 0.0001),),
        nearest=(NearestFamily(HOSTILE, 1.2, (HOSTILE,), ()),),
        elicitation={HOSTILE: 0.5},
    )
    made = _campaign("c-" + HOSTILE, Verdict.HARVEST, (Reason("score", 19.4, BAR_BITS),), (family,), 0.1, 2, False)
    edges = tuple((f"{HOSTILE}{i}", f"prefix={HOSTILE}{i % 3}", 3) for i in range(30))
    models = {HOSTILE: made.n_exchanges}
    return replace(
        made,
        graph_edges=edges,
        heatmap_accounts=(HOSTILE, *made.heatmap_accounts[1:]),
        exposure=replace(made.exposure, models=models),
    )


def _others() -> tuple[Campaign, ...]:
    rng = seeded(3)
    people = _effects(_HIGH, (), rng)
    relay = _effects({**_HIGH, "ti": 0.02, "cd": 0.4}, (), rng)
    run = _effects({**_LOW, "item": 0.92, "rep": 0.7, "elic": 0.1}, ("dr",), rng)
    shards, asked = _effects(_LOW, (), rng), _template([("Question: ", 0), ("", 1400)])
    judged = (Reason("score", 2.2, BAR_BITS),)
    return (
        _campaign(
            "c-90aa1205c3", Verdict.UNCLEAR,
            (Reason("near-bar", 11.8, BAR_BITS), Reason("small", 14.0, 20.0)),
            (_family("f-10", "client", (14, 611), 11.8, _channels(12.9, 1.1), _effects(_LOW, ("dr", "loc"), rng)),),
            0.2, 3,
        ),
        _campaign(
            "c-relay00017", Verdict.RELAY,
            (Reason("coordination", 212.0, 10.0), Reason("wandering", 0.44, 0.1), *judged),
            (_family("f-20", "client", (148, 21876), 2.2, _channels(214.0, 33.0), relay),), 0.4, 4,
        ),
        _campaign(
            "c-fleet00003", Verdict.RELATED, (Reason("one-verified-owner", 1.0, 0.9), Reason("moon-phase", 3.0, 2.0)),
            (_family("f-30", "template", (36, 9120), 23.0, _channels(90.0, 60.2), shards, _template()),),
            0.0, 5,
        ),
        _campaign(
            "c-eval000001", Verdict.EVALUATION, (Reason("item-list", 0.92, 0.5),),
            (_family("f-40", "template", (9, 12600), -3.0, _channels(19.0, -2.1), run, asked),),
            0.0, 6,
        ),
        _campaign(
            "c-tool000001", Verdict.TOOL, (Reason("unrelated-people", -181.4, 10.0), *judged),
            (_family("f-50", "template", (2210, 61200), -88.0, _channels(-180.0, -40.0), people),), 1.0, 7,
        ),
    )  # fmt: skip


def _streams(campaigns: Sequence[Campaign]) -> pa.Table:
    rng = seeded(8)
    rows = []
    for campaign in campaigns:
        each = max(1, campaign.n_exchanges // campaign.n_accounts)
        for i in range(min(40, campaign.n_accounts)):
            n = max(1, round(each * rng.uniform(0.6, 1.6)))
            total = n + rng.choice((0, 0, n // 3, n * 18))
            account = campaign.heatmap_accounts[i % len(campaign.heatmap_accounts)]
            rows.append(
                {
                    "campaign_id": campaign.campaign_id,
                    "account_id": account,
                    "verdict": campaign.verdict.value,
                    "account_bits": rng.uniform(4, 30),
                    "attribution_bits": rng.uniform(4, 12),
                    "n_exchanges": n,
                    "account_n_exchanges": total,
                    "share_of_account": n / total,
                    "output_tokens": n * 700,
                    "first_seen": campaign.first_seen,
                    "last_seen": campaign.last_seen,
                }
            )
    return pa.Table.from_pylist(rows, schema=STREAM)


def example_findings() -> Findings:
    """Seven campaigns, one of each verdict and one that attacks the reader."""
    campaigns = (_harvest(), _hostile(), *_others())
    exchanges = [
        {"exchange_id": f"x-{c.campaign_id}-{i}", "campaign_id": c.campaign_id, "account_id": c.heatmap_accounts[0]}
        for c in campaigns
        for i in range(3)
    ]
    quarantine = [
        {
            "source": "logs/a.ndjson",
            "row": 17,
            "unit": "line",
            "exchange_id": None,
            "field": None,
            "reason": "not JSON",
        },
        {
            "source": "logs/a.ndjson",
            "row": 90,
            "unit": "line",
            "exchange_id": "x9",
            "field": "time",
            "reason": "no time",
        },
    ]
    return Findings(
        campaigns=campaigns,
        streams=_streams(campaigns),
        exchanges=pa.Table.from_pylist(exchanges, schema=FINDING_EXCHANGE),
        quarantine=pa.Table.from_pylist(quarantine, schema=QUARANTINE),
        tally=Tally(709_312, 709_307, 2, 3, 12, {"litellm": 650_000, "otlp-json": 59_312}),
        n_accounts=38_633,
        n_families=4_611,
        not_judged=("no-networks", "no-payments"),
        reference="default",
        is_default_reference=True,
        reference_units=812,
        bar_bits=BAR_BITS,
        stage_s={"ingest": 12.1, "sketch": 8.4, "families": 6.0, "evidence": 9.9},
        version="0.1.0",
    )


def empty_findings() -> Findings:
    """A scan that found nothing, against the user's own reference."""
    return replace(
        example_findings(),
        campaigns=(),
        streams=STREAM.empty_table(),
        exchanges=FINDING_EXCHANGE.empty_table(),
        quarantine=QUARANTINE.empty_table(),
        tally=Tally(10, 10, 0, 0, 1, {"native": 10}),
        not_judged=(),
        reference="ours-2026-03",
        is_default_reference=False,
    )
