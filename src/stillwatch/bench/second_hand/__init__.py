"""The second hand: attackers and innocents by another author, for testing only and never for choosing anything.

Nothing here shares a template, a clock, a dispatcher or a network with `stillwatch.simulate`; what both share is the
record and the truth tables. It adds to a folder that `simulate` wrote and reads from its logs only what anyone who must
blend in could see: the window, popular clients and parameters, popular agents' prompts, networks in use.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from stillwatch.bench.second_hand.append import append, planted
from stillwatch.bench.second_hand.attacks.launch import Campaign
from stillwatch.bench.second_hand.attacks.plans import PLANS
from stillwatch.bench.second_hand.innocents import KINDS
from stillwatch.bench.second_hand.innocents.unit import Place, Reading, sizes
from stillwatch.bench.second_hand.scene import look
from stillwatch.errors import InvalidInput

__all__ = ["ATTACKS", "INNOCENTS", "add_attacks", "add_innocents"]

_LEAST_EXCHANGES: Final = 100

ATTACKS: Final[tuple[str, ...]] = tuple(plan.name for plan in PLANS)
"""Scenarios that `add_attacks` can plant; those of the first generator and ``ordinary-content``."""


INNOCENTS: Final[tuple[str, ...]] = tuple(kind.name for kind in KINDS)
"""Populations that `add_innocents` can draw."""


def add_attacks(
    folder: Path, *, scale: float, seed: int, names: Sequence[str] | None = None, corpora: Path | None = None
) -> None:
    """Plant campaigns in a folder: one more part of logs, their accounts and the truth.

    Campaigns that relay move whole sessions of ordinary people onto the operator's accounts; those exchanges stay
    legitimate in the truth.

    folder      As `stillwatch.simulate.simulate` wrote it with ``campaigns=()``.
    scale       1 is the size of the public disclosures, 1/20 is for benchmarks; in (0, 1].
    names       Of ATTACKS, each once; None is all.
    corpora     Folder of real prompts, of which attackers take the role harvest; None uses their own grammar.
    Raises      InvalidInput for bad arguments or what is planted already, MissingData for an incomplete folder.

    >>> import tempfile
    >>> from stillwatch.simulate import simulate
    >>> with tempfile.TemporaryDirectory() as name:
    ...     run = simulate(Path(name) / "run", exchanges=3000, seed=1, populations=["people"], campaigns=())
    ...     add_attacks(run.out, scale=1 / 1000, seed=2, names=["slow-drip"])
    ...     sorted(p.name for p in (run.out / "logs").iterdir())
    ['part-0000.parquet', 'part-0001.parquet']
    """
    if not (math.isfinite(scale) and 0 < scale <= 1):
        msg = f"scale must be in (0, 1], got {scale}"
        raise InvalidInput(msg)
    chosen = _named(names, ATTACKS, planted(folder))
    scene = look(folder)
    taken: set[str] = set()
    made = []
    for plan in PLANS:
        if plan.name in chosen:
            campaign = Campaign(scene, plan, scale=scale, seed=seed)
            one = campaign.make(corpora)
            made.append(replace(one, moves=campaign.carry(folder, taken)) if plan.cover[1] else one)
    append(folder, made, {"side": "attacks", "seed": seed, "scale": scale, "names": sorted(chosen)})


def add_innocents(
    folder: Path, *, exchanges: int, seed: int, names: Sequence[str] | None = None, corpora: Path | None = None
) -> None:
    """Add legitimate populations that are easily mistaken for campaigns: many independent units of each kind.

    folder      As `stillwatch.simulate.simulate` wrote it.
    exchanges   How many in all, exactly; at least 100 for each name.
    names       Of INNOCENTS, each once; None is all.
    corpora     Folder of real prompts, of which innocents take all roles but harvest; None uses their own grammar.
    Raises      InvalidInput for bad arguments or what is there already, MissingData for an incomplete folder.
    """
    chosen = _named(names, INNOCENTS, planted(folder))
    if exchanges < _LEAST_EXCHANGES * len(chosen):
        msg = f"exchanges must be at least {_LEAST_EXCHANGES} for each of {len(chosen)} populations, got {exchanges}"
        raise InvalidInput(msg)
    scene, reading = look(folder), Reading.of(corpora)
    kinds = [kind for kind in KINDS if kind.name in chosen]
    made = []
    for kind, n in zip(kinds, _divided(exchanges, [kind.share for kind in kinds]), strict=True):
        place = Place(scene, reading, np.random.default_rng([seed, zlib.crc32(kind.name.encode()), 2]))
        for number, size in enumerate(sizes(place.rng, n, kind.unit)):
            made += kind.make(place, kind.name, number, size)
    append(folder, made, {"side": "innocents", "seed": seed, "exchanges": exchanges, "names": sorted(chosen)})


def _divided(n: int, share: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the shares that add up to n."""
    until = np.round(np.cumsum(share) / np.sum(share) * n).astype(np.int64)
    return [int(v) for v in np.diff(until, prepend=0)]


def _named(names: Sequence[str] | None, known: Sequence[str], there: set[str]) -> set[str]:
    """The names asked for.

    Raises  InvalidInput with every problem at once.
    """
    asked = list(known if names is None else names)
    problems = [f"unknown name {name}; known are {', '.join(known)}" for name in asked if name not in known]
    problems += [f"{name} is named twice" for name in sorted(set(asked)) if asked.count(name) > 1]
    problems += [f"{name} is planted already" for name in sorted(set(asked) & there)]
    if not asked:
        problems.append("names must not be empty")
    if problems:
        raise InvalidInput("; ".join(problems))
    return set(asked)
