"""The third hand: attackers and innocents by a further author, to choose by; what is chosen is tested on the second.

A seed draws a whole operator (templates, languages, queue, hours, accounts, proxies, clients) from the row of `traits`
that a scenario has, and every unit of customers from its row of `kinds`. From a folder's logs it reads only what anyone
who must blend in could see.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stillwatch.bench.second_hand.append import append, planted
from stillwatch.bench.second_hand.traffic import Made
from stillwatch.bench.third_hand.kinds import KINDS
from stillwatch.bench.third_hand.library import open_library
from stillwatch.bench.third_hand.rendering import campaign
from stillwatch.bench.third_hand.scene import look
from stillwatch.bench.third_hand.traits import TRAITS
from stillwatch.bench.third_hand.unit import units
from stillwatch.errors import InvalidInput

__all__ = ["ATTACKS", "INNOCENTS", "add_attacks", "add_innocents"]

ATTACKS: Final[tuple[str, ...]] = tuple(t.name for t in TRAITS)
_ENOUGH: Final = 1_000_000
"""Rows that are held before they are written."""

INNOCENTS: Final[tuple[str, ...]] = tuple(k.name for k in KINDS)


def _names(folder: Path, names: Sequence[str] | None, known: tuple[str, ...], problems: list[str]) -> tuple[str, ...]:
    """Names asked for in the order of the tuple; what is wrong with them is added to `problems`."""
    if names is None:
        names = known
    problems.extend(f"unknown name {n!r}, allowed are {', '.join(known)}" for n in names if n not in known)
    if not names:
        problems.append("names must hold at least one name, or be None for all")
    problems.extend(f"{n!r} is named {names.count(n)} times" for n in dict.fromkeys(names) if names.count(n) > 1)
    there = planted(folder)
    problems.extend(f"{folder} already holds {n!r}" for n in dict.fromkeys(names) if n in there)
    return tuple(n for n in known if n in names)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise InvalidInput("; ".join(problems))


def add_attacks(
    folder: Path, *, scale: float, seed: int, names: Sequence[str] | None = None, corpora: Path | None = None
) -> None:
    """Add campaigns to a folder that `simulate` wrote.

    scale       1 is the public size; a campaign has at least some 450 exchanges and 30 accounts.
    names       Some of `ATTACKS`; None for all.
    corpora     Folder with ``prompts.parquet``; None writes every question by the grammar.
    Raises      InvalidInput with every problem; MissingData when the folder holds no traffic.
    """
    problems: list[str] = []
    chosen = _names(folder, names, ATTACKS, problems)
    if not 0 < scale <= 2:
        problems.append(f"scale must be in (0, 2], got {scale}")
    if seed < 0:
        problems.append(f"seed must be 0 or more, got {seed}")
    _refuse(problems)
    scene, library = look(folder), open_library(corpora)
    waiting: list[Made] = []
    for trait in (t for t in TRAITS if t.name in chosen):
        waiting.extend(campaign(scene, library, trait, scale, seed))
        last = trait.name == chosen[-1]
        if last or sum(m.exchanges.num_rows for m in waiting) > _ENOUGH:
            note = {"hand": "third", "attacks": list(chosen), "scale": scale, "seed": seed, "whole": last}
            append(folder, waiting, note)
            waiting = []


def add_innocents(
    folder: Path, *, exchanges: int, seed: int, names: Sequence[str] | None = None, corpora: Path | None = None
) -> None:
    """Add easily mistaken customers to a folder that `simulate` wrote, each kind with an equal share.

    exchanges   About how many in all; every kind has at least one unit.
    names       Some of `INNOCENTS`; None for all.
    corpora     Folder with ``prompts.parquet``; None writes every question by the grammar.
    Raises      InvalidInput with every problem; MissingData when the folder holds no traffic.
    """
    problems: list[str] = []
    chosen = _names(folder, names, INNOCENTS, problems)
    if exchanges < 1:
        problems.append(f"exchanges must be 1 or more, got {exchanges}")
    if seed < 0:
        problems.append(f"seed must be 0 or more, got {seed}")
    _refuse(problems)
    scene, library = look(folder), open_library(corpora)
    share = max(1, exchanges // len(chosen))
    made = [m for k in KINDS if k.name in chosen for m in units(scene, library, k, share, seed)]
    append(folder, made, {"hand": "third", "innocents": list(chosen), "exchanges": exchanges, "seed": seed})
