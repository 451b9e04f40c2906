"""Findings as large as a busy provider's: what the console's pages are measured on.

Everything is drawn from one seed and written by the functions that a tick writes with; only the long lists of a
campaign are spelled by hand, to the same bytes (`_check` holds them against `write_findings`). exchanges.parquet has
the first two exchanges of each stream, since all would be tens of millions. The last hour is that of the clock.
"""

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from benchmarks.act_preview import Drawn
from numpy.typing import NDArray

from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.judge import judge
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.record import recorded
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
from stillwatch.model.findings import CAMPAIGNS_VERSION, FINDING_EXCHANGE, STREAM, Findings, Tally
from stillwatch.model.quarantine import QUARANTINE
from stillwatch.report.catalogue import catalogue_of
from stillwatch.report.html import to_html
from stillwatch.report.json import TABLES, run_to_json, to_json
from stillwatch.report.sentences import triage
from stillwatch.report.wording import KINDS, TESTS
from stillwatch.report.write import CAMPAIGNS, CATALOGUE_FILE, MARKER, REPORT, RUN, write_findings
from stillwatch.service.replay.traffic import Source, seen_of
from stillwatch.watch import TICK, TICK_VERSION

HOURS: Final = 336
BAR_BITS: Final = 14.0
PEOPLE: Final = ("ada", "bea", "carl", "dora", "emil", "fay", "gus", "hal", "ida", "jo", "kim", "lou")
HOUR: Final = timedelta(hours=1)
_HOUR_US: Final = 3_600_000_000
_STREAM_ROWS: Final = 65_536
_CATALOGUE_ROWS: Final = 64
_SECTIONS: Final = 40
_VERDICTS: Final = {
    Verdict.HARVEST: 0.38,
    Verdict.UNCLEAR: 0.22,
    Verdict.RELAY: 0.12,
    Verdict.RELATED: 0.10,
    Verdict.EVALUATION: 0.06,
    Verdict.TOOL: 0.12,
}
_CLASSES: Final = np.array([(0.0, 5, 50), (0.925, 50, 2_000), (0.994, 2_000, 20_000)])
"""From this quantile on, campaigns have so many accounts."""
_WORDS: Final = (
    "You are an expert tutor. Solve the problem below, and number every step. ",
    "For every step say which rule you use, why it applies, and what would go wrong without it.\n\n",
    "Grade your own answer against this rubric, 0 to 5, then return JSON with reasoning, answer and score. ",
    "Rewrite the text so that a student of the first year understands it; keep every number. ",
)
SAYS: Final = (
    "Same payment fingerprint as last week's; asked the account team for the contract.",
    "Looked at twenty exchanges by hand: numbered steps, one template, no follow-up questions.",
    "The owner of the domain says that it is a class. Waiting for the list of pupils.",
    "Nothing new since yesterday. Rate of exchanges falls after the throttle.",
)
_GRADED: Final = "".join(
    f"""
[[rule]]
name = "{action} by evidence"
when = 'stream.accused && stream.attribution_bits >= {30 - 5 * i}'
then = "{action}"
lasts = "7d"
reason = "For {{lasts}} requests of this kind are answered otherwise. If you think this is wrong: {{appeal_url}}"
"""
    for i, action in enumerate(("block", "step_up", "degrade", "withhold_reasoning", "mark"))
)


class Size(NamedTuple):
    """How much of everything."""

    campaigns: int = 10_000
    streams: int = 1_000_000
    decisions: int = 50_000
    in_force: int = 20_000
    appeals: int = 300
    entries: int = 100_000

    @classmethod
    def of(cls, campaigns: int, streams: int) -> "Size":
        """The rest in proportion, at most the default."""
        share, whole = min(1.0, streams / cls().streams), cls()
        return cls(campaigns, streams, *(max(60, round(n * share)) for n in whole[2:]))


class World(NamedTuple):
    """Names of what is in it; largest and smallest are campaigns with a case, closed is a case.

    campaigns   The largest ones; asked one after the other, so that none was just read.
    """

    largest: str
    smallest: str
    closed: str
    accounts: tuple[str, ...]
    decisions: tuple[str, ...]
    appeals: tuple[str, ...]
    versions: tuple[str, ...]
    campaigns: tuple[str, ...] = ()


class Long(NamedTuple):
    """The long lists of a campaign."""

    timeline: tuple[tuple[datetime, int], ...]
    heatmap: tuple[tuple[int, ...], ...]
    heatmap_accounts: tuple[str, ...]
    graph_edges: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Plan:
    """Campaigns as columns, and streams as columns in the order of the campaigns.

    start       First hour.
    first, last Hours from the start in which a campaign was seen.
    bounds      Streams of campaign i are from bounds[i] to before bounds[i + 1].
    """

    start: datetime
    seed: int
    ids: list[str]
    verdicts: list[Verdict]
    bits: NDArray[np.float64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    bounds: NDArray[np.int64]
    account: NDArray[np.int64]
    n: NDArray[np.int64]

    @property
    def campaign(self) -> NDArray[np.int64]:
        """Campaign of each stream."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.bounds))

    def at(self, hour: float) -> datetime:
        """Time of an hour."""
        return self.start + timedelta(microseconds=round(hour * _HOUR_US))

    @classmethod
    def drawn(cls, size: Size, seed: int, end: datetime) -> "Plan":
        """Draw everything; most pressing verdict and most bits first, as findings have it."""
        rng = np.random.default_rng(seed)
        n = size.campaigns
        numbers = rng.choice(1 << 32, n, replace=False) if n < 1_000 else np.unique(rng.integers(0, 1 << 32, 2 * n))
        place = np.sort(rng.choice(len(_VERDICTS), n, p=list(_VERDICTS.values())))
        bits = np.where(place < 1, BAR_BITS + rng.exponential(18, n), rng.normal(2, 9, n)).round(3)
        order = np.lexsort((-bits, place))
        accounts = _sizes(rng, n, size.streams)
        last = HOURS - 1 - np.minimum(rng.exponential(40, n), HOURS - 20).astype(np.int64)
        first = np.maximum(0, last - np.maximum(6, rng.uniform(0.02, 1.1, n) * HOURS)).astype(np.int64)
        return cls(
            start=end - HOURS * HOUR,
            seed=seed,
            ids=[f"campaign-{number:08x}" for number in rng.permutation(numbers)[:n].tolist()],
            verdicts=[list(_VERDICTS)[i] for i in place[order].tolist()],
            bits=bits[order],
            first=first,
            last=last,
            bounds=np.concatenate([[0], np.cumsum(accounts)]),
            account=_accounts(rng, accounts),
            n=2 + np.minimum(rng.lognormal(2.6, 1.1, size.streams), 20_000).astype(np.int64),
        )


def _sizes(rng: np.random.Generator, n: int, total: int) -> NDArray[np.int64]:
    """Accounts of campaigns: most few, some thousands; in all so many."""
    kind = np.searchsorted(_CLASSES[:, 0], rng.random(n), side="right") - 1
    drawn = np.exp(rng.uniform(np.log(_CLASSES[kind, 1]), np.log(_CLASSES[kind, 2])))
    found: NDArray[np.int64] = np.maximum(5, drawn * total / drawn.sum()).astype(np.int64)
    found[np.argmax(found)] += total - found.sum()
    if found.min() < 1:
        message = f"{total} streams are too few for {n} campaigns"
        raise SystemExit(message)
    return found


def _accounts(rng: np.random.Generator, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Account of each stream; of twenty one is in two campaigns."""
    n, campaign = int(sizes.sum()), np.repeat(np.arange(len(sizes)), sizes)
    account: NDArray[np.int64] = rng.permutation(n)
    some = rng.permutation(n)[: n // 10]
    here, there = some[::2][: len(some) // 2], some[1::2]
    other = campaign[here] != campaign[there]
    account[here[other]] = account[there[other]]
    return account


def name_of(account: int) -> str:
    """As the provider calls it."""
    return f"acct-{account:07d}"


def _names(accounts: NDArray[np.int64]) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(accounts).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise("acct-", digits, "")


def streams_of(plan: Plan) -> pa.Table:
    """Table STREAM."""
    rng, campaign, n = np.random.default_rng([plan.seed, 1]), plan.campaign, len(plan.n)
    share = np.where(rng.random(n) < 0.5, 1.0, rng.uniform(0.02, 1.0, n))
    whole = np.maximum(plan.n, plan.n / share).astype(np.int64)
    start_us = int(plan.start.timestamp() * 1e6)
    first = start_us + (plan.first[campaign] * _HOUR_US + rng.random(n) * 3e9).astype(np.int64)
    last = first + (rng.random(n) * (plan.last - plan.first)[campaign] * _HOUR_US).astype(np.int64)
    verdicts = pa.array([verdict.value for verdict in plan.verdicts])
    columns = {
        "campaign_id": pa.array(plan.ids).take(pa.array(campaign)),
        "account_id": _names(plan.account),
        "verdict": verdicts.take(pa.array(campaign)),
        "account_bits": plan.bits[campaign] * rng.uniform(0.2, 1.0, n),
        "attribution_bits": rng.normal(14, 8, n),
        "n_exchanges": plan.n,
        "account_n_exchanges": whole,
        "share_of_account": plan.n / whole,
        "output_tokens": plan.n * rng.integers(80, 1_500, n),
        "first_seen": first,
        "last_seen": last,
    }
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in STREAM], schema=STREAM)


def exchanges_of(plan: Plan, streams: pa.Table) -> pa.Table:
    """Table FINDING_EXCHANGE, two of each stream."""
    rows = pa.array(np.repeat(np.arange(len(plan.n)), 2))
    numbers = pc.utf8_lpad(pa.array(np.arange(len(rows))).cast(pa.string()), 9, "0")
    columns = [pc.binary_join_element_wise("x-", numbers, ""), *(streams[c].take(rows) for c in STREAM.names[:2])]
    return pa.table(columns, schema=FINDING_EXCHANGE)


def _family(plan: Plan, i: int, k: int, random: Random) -> FamilyEvidence:
    n = max(3, int(plan.bounds[i + 1] - plan.bounds[i]) // (k + 1))
    bits, view = float(plan.bits[i]) - 3 * k, random.choice(("template", "client", "rhythm", "infrastructure", "pool"))
    parts = random.choices(_WORDS, k=random.randint(2, 12))
    coordination = [random.uniform(-20, 300) for _ in range(3)]
    return FamilyEvidence(
        family_id=f"{view}-{random.getrandbits(64):016x}",
        view=view,
        n_accounts=n,
        n_exchanges=n * random.randint(3, 40),
        score_bits=bits,
        coordination_bits=max(coordination) - 1.6,
        bits_without_payment=max(coordination) / 2 - 1.6,
        channels=tuple(
            ChannelBits(name, found, judged=random.random() < 0.9)
            for name, found in zip(("dispatch", "infrastructure", "both"), coordination, strict=True)
        ),
        effects=tuple(_effect(test, random) for test in list(TESTS)[:11]),
        elicitation={name: random.random() for name in ("reasoning", "grading", "format", "training")},
        shared=tuple(
            SharedAttribute(kind, f"{random.getrandbits(32):08x}", random.randint(2, n), random.random() / 1_000)
            for kind in random.sample(("payment", "prefix", "asn", "tls", "email_domain", "signup"), 3)
        ),
        template=tuple(TemplatePart(*one) for text in parts for one in ((text, False, 0), ("", True, n)))
        if view == "template"
        else (),
        nearest=tuple(
            NearestFamily(kind, random.uniform(0.3, 5), ("rep", "se", "cd"), ("item", "ti"))
            for kind in random.sample(list(KINDS), 3)
        ),
    )


def _effect(test: str, random: Random) -> Effect:
    if random.random() < 0.1:
        return Effect(test, float("nan"), float("nan"), 0.0)
    return Effect(test, random.random(), random.uniform(0.01, 0.05), random.uniform(-6, 6), 0.1, 0.6)


def campaign_of(plan: Plan, i: int) -> Campaign:
    """One campaign without its long lists."""
    random = Random(f"{plan.seed}-{i}")  # noqa: S311 - nothing is secret here
    start, end = int(plan.bounds[i]), int(plan.bounds[i + 1])
    n, first = int(plan.n[start:end].sum()), plan.at(int(plan.first[i]))
    tokens = None if random.random() < 0.1 else n * random.randint(200, 900)
    capable, model = random.randint(0, n), random.randint(0, n)
    return Campaign(
        campaign_id=plan.ids[i],
        verdict=plan.verdicts[i],
        reasons=(Reason("score", float(plan.bits[i]), BAR_BITS), Reason("accounts", float(end - start), 20.0)),
        families=tuple(_family(plan, i, k, random) for k in range(min(6, 1 + int(random.expovariate(0.7))))),
        n_streams=end - start,
        n_accounts=end - start,
        n_exchanges=n,
        bits=float(plan.bits[i]),
        first_seen=first,
        last_seen=plan.at(int(plan.last[i]) + 0.8),
        exposure=Exposure(
            n_exchanges=n,
            input_tokens=tokens,
            output_tokens=tokens,
            reasoning_tokens=tokens if random.random() < 0.5 else None,
            cost_usd=None if tokens is None else tokens * 1.5e-5,
            capabilities={"reasoning": capable, "plain": n - capable},
            models={"large-4": model, "large-5-preview": n - model},
        ),
        timeline=(),
        heatmap=(),
        heatmap_accounts=(),
        graph_edges=(),
        not_judged=("no-networks", "no-payments") if random.random() < 0.3 else (),
        open_since=first - random.randint(1, 60) * 24 * HOUR if random.random() < 0.3 else None,
        also_known_as=(f"campaign-{random.getrandbits(32):08x}",) if random.random() < 0.03 else (),
    )


def long_of(plan: Plan, i: int) -> Long:
    """The long lists of one campaign."""
    rng = np.random.default_rng([plan.seed, 2, i])
    start, end = int(plan.bounds[i]), int(plan.bounds[i + 1])
    hours = np.arange(plan.first[i], plan.last[i] + 1)
    wave = 1 + 0.6 * np.sin(hours / 3.82 + rng.uniform(0, 6))
    counts = rng.poisson(plan.n[start:end].sum() / len(hours) * wave)
    timeline = tuple((plan.at(h), c) for h, c in zip(hours.tolist(), counts.tolist(), strict=True) if c)
    top = start + np.argsort(-plan.n[start:end], kind="stable")[:60]
    grid = rng.poisson(plan.n[top][:, None] / 24 * (1 + 0.5 * np.sin(np.arange(24) / 3.82)))
    n_edges = min(400, 2 * (end - start))
    who = plan.account[rng.integers(start, end, n_edges)].tolist()
    ties = rng.integers(0, 3, n_edges).tolist(), rng.integers(0, 12, n_edges).tolist()
    kinds = ("payment", "prefix", "signup")
    edges = zip(who, *ties, rng.integers(1, 40, n_edges).tolist(), strict=True)
    return Long(
        timeline,
        tuple(map(tuple, grid.tolist())),
        tuple(map(name_of, plan.account[top].tolist())),
        tuple((name_of(a), f"{kinds[k]}={i:x}{v:04x}", w) for a, k, v, w in edges),
    )


def _listed(rows: Iterable[Iterable[str]]) -> str:
    """Rows of scalars, spelled as JSON already, in the layout of campaigns.json."""
    inner = "\n  ],\n  [\n   ".join([",\n   ".join(row) for row in rows])
    return f"[\n  [\n   {inner}\n  ]\n ]" if inner else "[]"


def whole_text(text: str, long: Long) -> str:
    """What `campaign_to_json` gives of a campaign with its long lists, at a tenth of the cost.

    text    What it gives without them.
    """
    names = ",\n  ".join([f'"{name}"' for name in long.heatmap_accounts])
    for name, value in (
        ("timeline", _listed((f'"{at:%Y-%m-%dT%H:%M:%S.%f}Z"', str(n)) for at, n in long.timeline)),
        ("heatmap", _listed(map(str, row) for row in long.heatmap)),
        ("heatmap_accounts", f"[\n  {names}\n ]"),
        ("graph_edges", _listed((f'"{a}"', f'"{tie}"', str(w)) for a, tie, w in long.graph_edges)),
    ):
        text = text.replace(f'\n "{name}": []', f'\n "{name}": {value}', 1)
    return text


def _findings(plan: Plan, campaigns: Sequence[Campaign], streams: pa.Table, exchanges: pa.Table) -> Findings:
    n = int(plan.n.sum())
    return Findings(
        campaigns=tuple(campaigns),
        streams=streams,
        exchanges=exchanges,
        quarantine=QUARANTINE.empty_table(),
        tally=Tally(40 * n, 40 * n, 0, 0, HOURS, {"native": 40 * n}),
        n_accounts=8 * len(plan.n),
        n_families=60 * len(plan.ids),
        not_judged=(),
        reference="ours-2026-11",
        is_default_reference=False,
        reference_units=812,
        bar_bits=BAR_BITS,
        stage_s={"read": 12.1, "score families": 8.4},
        version="0.1.0",
    )


def _write(findings: Findings, plan: Plan, folder: Path) -> None:
    """As `write_findings`, the long lists of the campaigns drawn on the way and not kept."""
    folder.mkdir(parents=True)
    _write_campaigns(findings, plan, folder)
    (folder / RUN).write_text(run_to_json(findings), encoding="ascii")
    for name in TABLES:
        table = getattr(findings, name)
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", row_group_size=_STREAM_ROWS)
    shown = {one.campaign_id for one in [one for group in triage(findings.campaigns) for one in group][:_SECTIONS]}
    campaigns = [
        replace(one, **long_of(plan, i)._asdict()) if one.campaign_id in shown else one
        for i, one in enumerate(findings.campaigns)
    ]
    page = to_html(replace(findings, campaigns=tuple(campaigns)))
    (folder / REPORT).write_text(page, encoding="utf-8", errors="replace")
    mark = {"kind": "findings", "format_version": CAMPAIGNS_VERSION, "complete": True}
    (folder / MARKER).write_text(json.dumps(mark) + "\n", encoding="ascii")


def _write_campaigns(findings: Findings, plan: Plan, folder: Path) -> None:
    """campaigns.json and the catalogue."""
    head, _, tail = to_json(replace(findings, campaigns=())).partition('"campaigns": []')
    table = catalogue_of(findings)
    field, campaigns = table.schema.get_field_index("document"), findings.campaigns
    with (
        (folder / CAMPAIGNS).open("w", encoding="ascii") as out,
        pq.ParquetWriter(folder / CATALOGUE_FILE, table.schema, compression="zstd") as catalogue,
    ):
        out.write(f'{head}"campaigns": [')
        for start in range(0, len(campaigns), _CATALOGUE_ROWS):
            some = range(start, min(start + _CATALOGUE_ROWS, len(campaigns)))
            part = table.slice(start, len(some))
            texts = [whole_text(text, long_of(plan, i)) for i, text in zip(some, part[field].to_pylist(), strict=True)]
            indented = [text[:-1].replace("\n", "\n  ") for text in texts]
            out.write(",\n  ".join(["," * (start > 0) + "\n  " + indented[0], *indented[1:]]))
            catalogue.write_table(part.set_column(field, table.schema.field(field), pa.array(texts, pa.string())))
        out.write(f"\n ]{tail}")


def _check(findings: Findings, plan: Plan) -> None:
    """Hold files of a few campaigns against what `write_findings` writes.

    Raises  SystemExit when they differ: then it has changed, and this must, too.
    """
    some = replace(findings, campaigns=findings.campaigns[:70], streams=findings.streams.slice(0, 5_000))
    whole = replace(
        some, campaigns=tuple(replace(c, **long_of(plan, i)._asdict()) for i, c in enumerate(some.campaigns))
    )
    with tempfile.TemporaryDirectory() as name:
        theirs, ours = Path(name) / "theirs", Path(name) / "ours"
        write_findings(whole, theirs)
        _write(some, plan, ours)
        wrong = [path.name for path in theirs.iterdir() if not _same(path, ours / path.name)]
    if wrong:
        message = f"write_findings has come to write {', '.join(wrong)} otherwise"
        raise SystemExit(message)


def _same(theirs: Path, ours: Path) -> bool:
    if not ours.exists() or theirs.suffix != ".parquet":
        return ours.exists() and theirs.read_bytes() == ours.read_bytes()
    a, b = pq.ParquetFile(theirs), pq.ParquetFile(ours)
    rows = [[file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] for file in (a, b)]
    return rows[0] == rows[1] and bool(a.read().equals(b.read(), check_metadata=True))


def write_findings_of(plan: Plan, watch: Path) -> list[Campaign]:
    """Write the folder of findings and tick.json; the campaigns without their long lists."""
    streams = streams_of(plan)
    campaigns = [campaign_of(plan, i) for i in range(len(plan.ids))]
    findings = _findings(plan, campaigns, streams, exchanges_of(plan, streams))
    _check(findings, plan)
    _write(findings, plan, watch / "findings")
    (watch / TICK).write_text(json.dumps(_tick(plan), indent=1) + "\n", encoding="utf-8")
    return campaigns


def _tick(plan: Plan) -> dict[str, Any]:
    newest, counts = plan.at(HOURS), {"n_campaigns": len(plan.ids), "n_streams": len(plan.n)}
    told = {"input": "0" * 64, "next_close_us": None, "at": newest.isoformat(), "n_exchanges": 40 * int(plan.n.sum())}
    rest = {"n_too_late": 0, **counts, "closed": [], "newest": newest.isoformat(), "lag_s": 31.0}
    return {"format_version": TICK_VERSION, **told, **rest, "stage_s": {"read": 12.1}, "index": None}


def graded() -> Policy:
    """A policy with the actions that those which come along have not."""
    return read_policy('name = "graded"\n' + _GRADED, "graded.toml")


def previews(policies: Sequence[Policy]) -> dict[str, Preview]:
    """A preview of each policy on drawn traffic, by name; its shares are made such that two people may allow it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = Drawn(folder, 40_000, 5_000)
        uses = frozenset(fact for policy in policies for fact in policy.uses)
        seen = seen_of(Source([folder / "logs"], drawn, folder / "accounts.parquet"), uses)
    found = {one.name: recorded(previewed(judge(one, seen)), datetime.now(UTC)) for one in policies}
    shares = {"traffic": 0.012, "organisations": 0.004, "tenured": 0.0008}
    return {name: replace(one, shares=shares) for name, one in found.items()}
