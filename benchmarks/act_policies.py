"""What the policies that come along take from harvests, and from everybody else, in traffic of two authors.

Usage: ``.venv/bin/python -m benchmarks.act_policies [--seeds 200,201] [--scales 0.001,0.002] [POLICY ...]``

Each world is simulated, scanned and previewed: planted campaigns of one of two generators among ordinary customers, and
hard innocents of both without any campaign (batch jobs, classrooms, popular tools, resellers, and the like). POLICY is
a name or a file; ``--work DIR`` keeps worlds and findings for the next time. Campaigns are counted as known from their
first exchange on, and their traffic as if nobody had answered the policy by sending otherwise, so this is what a policy
takes from traffic as it was.

Truth is looked at only here, after everything was decided. Seeds from 200 on are of no reference and no tuning.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import policy_of_file
from stillwatch.act.preview.judge import Judged, judge
from stillwatch.act.preview.replay import Seen
from stillwatch.act.preview.traffic import NOBODYS
from stillwatch.bench.worlds import World
from stillwatch.model.decision import SEVERITY, Action
from stillwatch.report import read_findings, write_findings
from stillwatch.scan import scan
from stillwatch.service.replay.streams import ByFindings
from stillwatch.service.replay.traffic import Source, seen_of

KINDS = (("campaigns", "first"), ("campaigns", "second"), ("innocents", "first"))
"""Worlds, and who wrote the attacks; the world of innocents has those of both."""


class Noting(ByFindings):
    """Streams by findings, and which exchanges were found to be of one, in the order in which they are read."""

    def __init__(self, findings: Path) -> None:
        super().__init__(read_findings(findings))
        self.ids: list[pa.Array] = []
        self.times: list[NDArray[np.int64]] = []

    def campaign_of(self, batch: pa.RecordBatch, /) -> NDArray[np.int32]:
        """As findings have it."""
        found = super().campaign_of(batch)
        rows = pa.array(np.flatnonzero(found != NOBODYS))
        self.ids.append(batch["exchange_id"].take(rows))
        self.times.append(np.asarray(batch["time"].take(rows).cast(pa.int64()), np.int64))
        return found

    def accused_ids(self) -> pa.Array:
        """In the order of `Seen.accused`."""
        return pa.concat_arrays(self.ids).take(pa.array(np.argsort(np.concatenate(self.times), kind="stable")))


@dataclass
class Taken:
    """Counts of one policy in one or more worlds; shares are made of sums.

    harvest, legitimate     Exchanges, by the truth.
    found                   Exchanges of the harvest that are of accused streams.
    withheld, altered       Of the harvest: not answered; answered otherwise.
    hurt, hurt_withheld     Of legitimate ones that people send with accounts of their own: more than observed; not
                            answered. What an operator carries for others as cover is in neither.
    people, people_touched  Accounts of nobody's operation; those with an exchange that got more than observe.
    """

    harvest: int = 0
    found: int = 0
    withheld: int = 0
    altered: int = 0
    legitimate: int = 0
    hurt: int = 0
    hurt_withheld: int = 0
    people: int = 0
    people_touched: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        """Both together."""
        return Taken(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Taken)))


class Played:
    """One world, scanned and read."""

    def __init__(self, world: World, folder: Path) -> None:
        world.build(folder)
        findings = folder / "findings"
        if not (findings / "run.json").exists():
            found = scan(folder / "logs", accounts=folder / "accounts.parquet")
            write_findings(found, findings)
        streams = Noting(findings)
        self.folder = folder
        self._source = Source([folder / "logs"], streams, folder / "accounts.parquet")
        self._streams = streams

    def seen(self, policies: Iterable[Policy]) -> Seen:
        """Its traffic, with all that these policies ask about."""
        return seen_of(self._source, frozenset(name for policy in policies for name in policy.uses))

    def taken(self, judged: Judged) -> Taken:
        """What a policy does, held against the truth."""
        truth = pq.read_table(self.folder / "truth" / "exchanges.parquet", columns=["exchange_id", "campaign"])
        accounts = pq.read_table(self.folder / "truth" / "accounts.parquet")
        row = pc.index_in(self._streams.accused_ids(), value_set=truth["exchange_id"].combine_chunks())
        is_harvest = np.asarray(truth["campaign"].combine_chunks().take(row).is_valid())
        everything = np.asarray(truth["campaign"].is_valid())
        operated = set(accounts.filter(accounts["campaign"].is_valid())["account_id"].to_pylist())
        ids = judged.seen.totals.account_ids
        is_person = np.asarray([one not in operated for one in ids], np.bool_)
        is_ones_own = is_person[judged.seen.accused["account"]] & ~is_harvest
        touched = np.unique(judged.seen.accused["account"][judged.is_touched])
        altered = judged.is_touched & ~judged.refused & (judged.action > SEVERITY[Action.THROTTLE])
        return Taken(
            harvest=int(everything.sum()),
            found=int(is_harvest.sum()),
            withheld=int((judged.refused & is_harvest).sum()),
            altered=int((altered & is_harvest).sum()),
            legitimate=int((~everything).sum()),
            hurt=int((judged.is_touched & is_ones_own).sum()),
            hurt_withheld=int((judged.refused & is_ones_own).sum()),
            people=int(is_person.sum()),
            people_touched=int(is_person[touched].sum()),
        )


def row(cells: Sequence[str]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


HEAD = (
    "world",
    "policy",
    "harvest",
    "found",
    "withheld",
    "altered",
    "others",
    "touched",
    "withheld",
    "accounts touched",
)


def cells(world: str, policy: str, taken: Taken) -> list[str]:
    """One row."""
    of_harvest = [taken.found, taken.withheld, taken.altered]
    of_others = [taken.hurt, taken.hurt_withheld]
    return [
        world,
        policy,
        f"{taken.harvest:,}",
        *(f"{n / taken.harvest:.1%}" if taken.harvest else "" for n in of_harvest),
        f"{taken.legitimate:,}",
        *(f"{n:,} ({n / taken.legitimate:.3%})" for n in of_others),
        f"{taken.people_touched} of {taken.people:,}",
    ]


def numbers(text: str) -> list[float]:
    """Numbers of a list with commas."""
    return [float(one) for one in text.split(",")]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("policies", nargs="*", default=list(PACKAGED))
    parser.add_argument("--seeds", type=numbers, default=[200, 201])
    parser.add_argument("--scales", type=numbers, default=[0.001, 0.002])
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    policies = [packaged(one) if one in PACKAGED else policy_of_file(Path(one)) for one in options.policies]
    print(row(HEAD))
    print(row(["---"] * len(HEAD)))
    sums: dict[tuple[str, int], Taken] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for scale in options.scales:
            for seed in map(int, options.seeds):
                for name, generator in KINDS:
                    world = World.of(name, generator=generator, seed=seed, scale=scale)
                    played = Played(world, (options.work or Path(temporary)) / f"{name}-{generator}-{seed}-{scale:g}")
                    seen = played.seen(policies)
                    kind = f"{name}, {generator} generator" if name == "campaigns" else "hard innocents of both"
                    for n, policy in enumerate(policies):
                        taken = played.taken(judge(policy, seen))
                        sums[kind, n] = sums.get((kind, n), Taken()) + taken
                        print(row(cells(f"{kind}, seed {seed}, 1/{1 / scale:g}", policy.name, taken)), flush=True)
    for (kind, n), taken in sums.items():
        print(row(cells(f"{kind}, all", policies[n].name, taken)))


if __name__ == "__main__":
    main()
