"""What to run: seeds, scale and parts as they are written on the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from stillwatch.bench.baselines import BASELINES
from stillwatch.bench.worlds import CAMPAIGNS, EVASIONS, WORLDS, World
from stillwatch.errors import InvalidInput

__all__ = ["FIRST_SEED", "Plan", "make_plan", "parse_scale", "parse_seeds"]

FIRST_SEED: Final = 100
"""Seeds from here on are for testing only: nothing is ever chosen by them."""
_MOST_SEEDS: Final = 25
_LEAK, _BASELINES = "leak", "baselines"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the scoreboard.

    worlds      Names of the worlds, in order.
    scenarios   Scenarios to plant in them; () is all.
    baselines   Names of the baselines to hold against.
    leak        Whether to look for the first alarm of every campaign, which takes some forty scans a seed.
    corpora     Folder of real prompts and traces; None uses the built-in grammar.
    reference   Reference to judge against; None is the default one.
    work        Folder for worlds; None takes a temporary one.
    keep        Keep the worlds afterwards.
    """

    seeds: tuple[int, ...]
    scale: float
    generator: str
    worlds: tuple[str, ...]
    scenarios: tuple[str, ...]
    baselines: tuple[str, ...]
    leak: bool
    corpora: Path | None = None
    reference: Path | None = None
    work: Path | None = None
    keep: bool = False

    def world(self, name: str, seed: int) -> World:
        """One of the worlds."""
        return World.of(name, generator=self.generator, seed=seed, scale=self.scale, only=self.scenarios)


def make_plan(  # noqa: PLR0913 (one option a question that a user asks)
    *,
    seeds: Sequence[int],
    scale: float,
    generator: str = "second",
    only: Sequence[str] = (),
    baselines: bool | None = None,
    corpora: Path | None = None,
    reference: Path | None = None,
    work: Path | None = None,
    keep: bool = False,
) -> Plan:
    """Plan a run.

    only        Worlds, ``leak``, ``baselines``, scenarios or names of baselines; () is everything. What is not named is
                not run.
    baselines   True adds all baselines, False leaves them out; None is as `only` says.
    Raises      InvalidInput for a name that there is not, or for arguments out of range.
    """
    ours = {b.name for b in BASELINES}
    known = (*WORLDS, _LEAK, _BASELINES, *CAMPAIGNS, *EVASIONS, *sorted(ours))
    unknown = [name for name in only if name not in known]
    if unknown:
        msg = f"--only must name some of {', '.join(known)}; got {', '.join(unknown)}"
        raise InvalidInput(msg)
    chosen = tuple(b.name for b in BASELINES if b.name in only) or tuple(b.name for b in BASELINES)
    wanted = bool(not only or _BASELINES in only or ours & set(only)) if baselines is None else baselines
    plan = Plan(
        seeds=tuple(seeds),
        scale=scale,
        generator=generator,
        worlds=_worlds(only),
        scenarios=tuple(name for name in only if name in (*CAMPAIGNS, *EVASIONS)),
        baselines=chosen if wanted else (),
        leak=not only or _LEAK in only,
        corpora=corpora,
        reference=reference,
        work=work,
        keep=keep,
    )
    for name in plan.worlds:
        plan.world(name, plan.seeds[0])
    return plan


def _worlds(only: Sequence[str]) -> tuple[str, ...]:
    implied: Mapping[str, bool] = {
        "campaigns": _LEAK in only or bool(set(only) & set(CAMPAIGNS)),
        "evasions": bool(set(only) & set(EVASIONS)),
    }
    named = tuple(name for name in WORLDS if name in only or implied.get(name))
    return named or (WORLDS if not only else ("campaigns", "evasions", "innocents"))


def parse_scale(text: str) -> float:
    """Scale as a fraction or a decimal number.

    Raises  InvalidInput if it is neither, or not in [1/1000, 1].

    >>> parse_scale("1/20"), parse_scale("0.5")
    (0.05, 0.5)
    """
    try:
        scale = float(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError) as wrong:
        msg = f"--scale must be a number such as 1/20 or 0.05, got {text!r}"
        raise InvalidInput(msg) from wrong
    if not 1 / 1000 <= scale <= 1:
        msg = f"--scale must be in [1/1000, 1], got {text}"
        raise InvalidInput(msg)
    return scale


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds: a range, a list of numbers and ranges, or how many to take from `FIRST_SEED` on.

    Raises  InvalidInput if it is none of these, or more than 25.

    >>> parse_seeds("100-104"), parse_seeds("2"), parse_seeds("7,9-10"), parse_seeds("7-7")
    ((100, 101, 102, 103, 104), (100, 101), (7, 9, 10), (7,))
    """
    seeds: list[int] = []
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
        if not match:
            msg = f"--seeds must be a range such as 100-104, a list such as 100,102, or how many, got {text!r}"
            raise InvalidInput(msg)
        low = int(match[1])
        if match[2] is None and len(parts) == 1:
            seeds += range(FIRST_SEED, FIRST_SEED + min(low, _MOST_SEEDS + 1))
        else:
            seeds += range(low, min(int(match[2] or low), low + _MOST_SEEDS) + 1)
    if not 1 <= len(seeds) <= _MOST_SEEDS:
        msg = f"--seeds must name 1 to {_MOST_SEEDS} seeds, got {text!r}"
        raise InvalidInput(msg)
    return tuple(dict.fromkeys(seeds))
