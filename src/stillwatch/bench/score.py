"""Hold findings against the truth of simulated traffic."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.errors import MissingData

__all__ = ["CampaignScore", "Score", "score"]

MIN_COVERAGE: Final = 0.5
MIN_PURITY: Final = 0.9


@dataclass(frozen=True, slots=True)
class CampaignScore:
    """How well one planted campaign was found.

    coverage    Largest share of its exchanges in one reported harvest campaign, 0 to 1.
    purity      Share of that campaign's exchanges that are its own, 0 to 1; 0 when nothing was reported.
    found       Coverage >= 0.5 and purity >= 0.9.
    account_recall  Share of its accounts that have a stream in any harvest campaign.
    best_verdict    Verdict of the reported campaign, of any verdict, that holds most of it; empty when none does.
    best_coverage   Share of its exchanges in that one.
    """

    campaign: str
    n_exchanges: int
    n_accounts: int
    coverage: float
    purity: float
    found: bool
    exchange_recall: float
    account_recall: float
    best_verdict: str
    best_coverage: float

    @property
    def outcome(self) -> str:
        """What became of it, in a few words; one that is not found is never hidden."""
        if self.found:
            return "found"
        if not self.best_verdict:
            return "MISSED: not reported at all"
        where = f"{self.best_coverage:.0%} of it in one {self.best_verdict} campaign"
        return f"MISSED: {where}{', not pure enough' if self.coverage >= MIN_COVERAGE else ''}"


@dataclass(frozen=True, slots=True)
class Score:
    """Findings against truth; only the verdict harvest accuses.

    false_accounts      Legitimate accounts with a stream in a harvest campaign, by population.
    unclear_accounts, relay_accounts    The same for the verdicts that leave a question open.
    exchange_precision  Share of accused exchanges that belong to a planted campaign; NaN when none was accused.
    """

    campaigns: tuple[CampaignScore, ...]
    n_found: int
    exchange_recall: float
    exchange_precision: float
    account_recall: float
    n_false_accounts: int
    n_legitimate_accounts: int
    false_accounts: Mapping[str, int]
    unclear_accounts: Mapping[str, int]
    relay_accounts: Mapping[str, int]

    def to_json(self) -> str:
        """One JSON object."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2).decode()

    def to_text(self) -> str:
        """A table for people."""
        lines = [f"{'planted':20} {'exchanges':>9} {'found':>6} {'accounts':>9} {'found':>6} {'purity':>7}  outcome"]
        lines += [
            f"{c.campaign:20} {c.n_exchanges:>9,} {c.exchange_recall:>6.1%} {c.n_accounts:>9,}"
            f" {c.account_recall:>6.1%} {c.purity:>7.1%}  {c.outcome}"
            for c in self.campaigns
        ]
        lines += [
            f"found: {MIN_COVERAGE:.0%} of it or more in one harvest campaign, {MIN_PURITY:.0%} its own (purity)",
            "",
            f"campaigns found                {self.n_found} of {len(self.campaigns)}",
            f"exchanges found                {_per_cent(self.exchange_recall)} of those planted",
            f"exchanges accused rightly      {_per_cent(self.exchange_precision)} of those accused",
            f"accounts found                 {_per_cent(self.account_recall)} of those planted",
            f"legitimate accounts accused    {_listed(self.false_accounts)} of {self.n_legitimate_accounts:,}",
            f"... left as unclear            {_listed(self.unclear_accounts)}, not accused",
            f"... called an undeclared relay {_listed(self.relay_accounts)}, not accused",
        ]
        return "\n".join(lines)


def _per_cent(share: float) -> str:
    return "none" if share != share else f"{share:.2%}"  # noqa: PLR0124 (NaN: nothing to take a share of)


def _listed(counts: Mapping[str, int]) -> str:
    """What counts by population add up to, and the counts."""
    kinds = ", ".join(f"{kind} {n}" for kind, n in counts.items())
    return f"{sum(counts.values())} ({kinds})" if kinds else "0"


def score(folder: str | Path, findings: str | Path | None = None) -> Score:
    """Score the findings in ``folder/findings`` (or `findings`) against ``folder/truth``.

    Raises  MissingData when either is absent.
    """
    truth_dir, found_dir = Path(folder) / "truth", Path(findings or Path(folder) / "findings")
    truth = _read(truth_dir / "exchanges.parquet", "run 'stillwatch simulate' first")
    streams = _read(found_dir / "streams.parquet", "run 'stillwatch scan' first")
    reported = _read(found_dir / "exchanges.parquet", "run 'stillwatch scan' first")
    accounts = _read(truth_dir / "accounts.parquet", "run 'stillwatch simulate' first")
    return score_tables(truth, accounts, streams, reported)


def _read(path: Path, next_step: str) -> pa.Table:
    if not path.is_file():
        msg = f"{path} does not exist; {next_step}"
        raise MissingData(msg)
    return pq.read_table(path)


def score_tables(truth: pa.Table, accounts: pa.Table, streams: pa.Table, reported: pa.Table) -> Score:
    """Score tables in memory: truth of exchanges and accounts, streams and exchanges as a scan writes them."""
    harvest_ids = pc.unique(streams.filter(pc.equal(streams["verdict"], "harvest"))["campaign_id"])
    accused = reported.filter(pc.is_in(reported["campaign_id"], value_set=harvest_ids))
    joined = truth.select(["exchange_id", "account_id", "campaign"]).join(
        accused.select(["exchange_id", "campaign_id"]), keys="exchange_id", join_type="left outer"
    )
    harvest = streams.filter(pc.equal(streams["verdict"], "harvest"))
    harvest_accounts = pc.unique(harvest["account_id"])
    everything = truth.select(["exchange_id", "campaign"]).join(
        reported.select(["exchange_id", "campaign_id"]), keys="exchange_id", join_type="inner"
    )
    verdicts = dict(zip(streams["campaign_id"].to_pylist(), streams["verdict"].to_pylist(), strict=True))
    planted = sorted(c for c in pc.unique(joined["campaign"]).to_pylist() if c is not None)
    reported_size = _counts(accused["campaign_id"])
    campaigns = tuple(
        _campaign(name, joined, reported_size, harvest_accounts, _best(name, everything, verdicts)) for name in planted
    )
    is_attack, is_accused = pc.is_valid(joined["campaign"]), pc.is_valid(joined["campaign_id"])
    n_hit = pc.sum(pc.and_(is_attack, is_accused)).as_py() or 0
    legitimate = accounts.filter(pc.is_null(accounts["campaign"]))
    false = legitimate.filter(pc.is_in(legitimate["account_id"], value_set=harvest_accounts))
    called = {
        verdict: legitimate.filter(
            pc.is_in(
                legitimate["account_id"],
                value_set=pc.unique(streams.filter(pc.equal(streams["verdict"], verdict))["account_id"]),
            )
        )
        for verdict in ("unclear", "relay")
    }
    guilty = accounts.filter(pc.is_valid(accounts["campaign"]))["account_id"]
    n_guilty_found = pc.sum(pc.is_in(guilty, value_set=harvest_accounts)).as_py() or 0
    return Score(
        campaigns=campaigns,
        n_found=sum(c.found for c in campaigns),
        exchange_recall=_share(n_hit, pc.sum(is_attack).as_py() or 0),
        exchange_precision=_share(n_hit, accused.num_rows),
        account_recall=_share(n_guilty_found, len(guilty)),
        n_false_accounts=false.num_rows,
        n_legitimate_accounts=legitimate.num_rows,
        false_accounts=_counts(false["population"]),
        unclear_accounts=_counts(called["unclear"]["population"]),
        relay_accounts=_counts(called["relay"]["population"]),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    found = [(item["values"], item["counts"]) for item in pc.value_counts(column).to_pylist()]
    return dict(sorted(found, key=lambda pair: (-pair[1], str(pair[0]))))


def _best(name: str, reported: pa.Table, verdicts: Mapping[str, str]) -> tuple[str, int]:
    """Verdict of the reported campaign that holds most of a planted one, and how many of its exchanges."""
    held = _counts(reported.filter(pc.equal(reported["campaign"], name))["campaign_id"])
    return next(((verdicts.get(campaign, ""), n) for campaign, n in held.items()), ("", 0))


def _campaign(
    name: str, joined: pa.Table, reported_size: Mapping[str, int], accused: pa.Array, best_of_all: tuple[str, int]
) -> CampaignScore:
    mine = joined.filter(pc.equal(joined["campaign"], name))
    hits = _counts(mine["campaign_id"].drop_null())
    best = max(hits, key=lambda key: hits[key], default=None)
    n_best = hits[best] if best is not None else 0
    coverage = n_best / mine.num_rows
    purity = n_best / reported_size[best] if best is not None else 0.0
    accounts = pc.unique(mine["account_id"])
    return CampaignScore(
        campaign=name,
        n_exchanges=mine.num_rows,
        n_accounts=len(accounts),
        coverage=coverage,
        purity=purity,
        found=coverage >= MIN_COVERAGE and purity >= MIN_PURITY,
        exchange_recall=sum(hits.values()) / mine.num_rows,
        account_recall=(pc.sum(pc.is_in(accounts, value_set=accused)).as_py() or 0) / len(accounts),
        best_verdict=best_of_all[0],
        best_coverage=best_of_all[1] / mine.num_rows,
    )
