"""Worlds that the scoreboard is played on: legitimate traffic with attacks of one of two generators in it, or none."""

import json
import shutil
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from stillwatch import __version__
from stillwatch.errors import InvalidInput
from stillwatch.simulate import MARKER, simulate

__all__ = [
    "CAMPAIGNS",
    "DOSE_ACCOUNTS",
    "DOSE_KINDS",
    "DOSE_PER_ACCOUNT",
    "EVASIONS",
    "GENERATORS",
    "WORLDS",
    "Dose",
    "World",
    "doses",
]

CAMPAIGNS: Final = (
    "reasoning-harvest",
    "agentic-harvest",
    "pivot-harvest",
    "big-summer",
    "bare-questions",
    "slow-drip",
    "paraphrase",
    "camouflage",
    "ban-evasion",
    "one-per-account",
    "multi-provider",
    "relay-mixed",
)
"""Scenarios of the world ``campaigns``."""

ORDINARY_CONTENT: Final = "ordinary-content"
"""An evasion that the second generator alone has."""

EVASIONS: Final = (
    "sorted-list",
    "padded-turns",
    "uneven-load",
    "fake-repeats",
    "small-ring",
    "shards-as-people",
    "client-key-per-account",
    "relay-like-cover",
    ORDINARY_CONTENT,
)
"""Scenarios of the world ``evasions``."""

WORLDS: Final = ("campaigns", "evasions", "innocents", "dose")
GENERATORS: Final = ("first", "second", "third")
"""What was built with, what is tested with and never chosen by, and what may be chosen by."""

DOSE_KINDS: Final = ("slow-drip", "bare-questions")
"""With a template, and without one from a popular client."""
DOSE_ACCOUNTS: Final = (20, 60, 120, 250, 500)
DOSE_PER_ACCOUNT: Final = (1, 2, 3, 5, 10)

_LEGITIMATE: Final = {"campaigns": 40_000_000, "evasions": 15_000_000, "innocents": 15_000_000, "dose": 15_000_000}
"""Legitimate exchanges at scale 1."""
_SECOND_SHARE: Final = 1 / 3
"""Of the world without attacks, what the second generator writes."""
_DOSE_LEAST: Final = 100_000
"""Doses do not shrink with the scale, so the traffic around them may not either."""
_MARKER: Final = "world.json"


@dataclass(frozen=True, slots=True)
class Dose:
    """One cell of the dose grid and the name under which it is planted."""

    campaign: str
    kind: str
    n_accounts: int
    per_account: int

    @property
    def spec(self) -> str:
        """As `simulate` takes it.

        >>> Dose("slow-drip-2", "slow-drip", 60, 3).spec
        'slow-drip:accounts=60,per_account=3'
        """
        return f"{self.kind}:accounts={self.n_accounts},per_account={self.per_account}"


def doses() -> tuple[Dose, ...]:
    """Every cell of the grid, in the order in which they are planted."""
    grid = [(n, per) for n in DOSE_ACCOUNTS for per in DOSE_PER_ACCOUNT]
    return tuple(
        Dose(kind if i == 0 else f"{kind}-{i + 1}", kind, n, per)
        for kind in DOSE_KINDS
        for i, (n, per) in enumerate(grid)
    )


@dataclass(frozen=True, slots=True)
class World:
    """Traffic to play on; equal values give equal traffic.

    name        ``campaigns``, ``evasions``, ``innocents`` (no attack, legitimate kinds of two generators) or ``dose``.
    generator   Who writes the attacks, one of GENERATORS; doses are always the first's.
    scenarios   Attacks to plant; () where the name says all.
    scale       Share of a large provider's traffic, 1/1000 to 1.
    """

    name: str
    generator: str
    scenarios: tuple[str, ...]
    seed: int
    scale: float

    @classmethod
    def of(cls, name: str, *, generator: str, seed: int, scale: float, only: tuple[str, ...] = ()) -> "World":
        """World with all scenarios of its kind, or those of them in `only`.

        Raises  InvalidInput for a name, generator or scale that there is not.
        """
        problems = [
            f"world must be one of {', '.join(WORLDS)}, got {name}" if name not in WORLDS else "",
            f"generator must be one of {', '.join(GENERATORS)}, got {generator}" if generator not in GENERATORS else "",
            f"scale must be in [1/1000, 1], got {scale:g}" if not 1 / 1000 <= scale <= 1 else "",
        ]
        if any(problems):
            raise InvalidInput("; ".join(problem for problem in problems if problem))
        known = {"campaigns": CAMPAIGNS, "evasions": EVASIONS}.get(name, ())
        possible = [s for s in known if generator != "first" or s != ORDINARY_CONTENT]
        return cls(name, generator, tuple(s for s in possible if not only or s in only), seed, scale)

    @property
    def n_legitimate(self) -> int:
        """Legitimate exchanges, about.

        >>> World.of("evasions", generator="second", seed=1, scale=1 / 20).n_legitimate
        750000
        """
        wanted = round(_LEGITIMATE[self.name] * self.scale)
        return max(wanted, _DOSE_LEAST) if self.name == "dose" else wanted

    @property
    def label(self) -> str:
        """Name that folders and progress go by."""
        return f"{self.name} {self.seed}"

    def build(self, folder: Path, corpora: Path | None = None) -> Path:
        """Write the world into `folder`, unless this very one lies there already; return the folder.

        Raises  InvalidInput if the folder holds something else, MissingData for an incomplete corpora folder.
        """
        wanted = json.dumps({**asdict(self), "version": __version__, "corpora": str(corpora or "")}, sort_keys=True)
        marker = folder / "truth" / _MARKER
        if marker.is_file() and marker.read_text("utf-8") == wanted:
            return folder
        _clear(folder)
        self._write(folder, corpora)
        marker.write_text(wanted, "utf-8")
        return folder

    def _write(self, folder: Path, corpora: Path | None) -> None:
        if self.name == "dose":
            planted = [dose.spec for dose in doses()]
            simulate(folder, exchanges=self.n_legitimate, seed=self.seed, campaigns=planted, corpora=corpora)
        elif self.name == "innocents":
            self._write_innocents(folder, corpora)
        elif self.generator == "first":
            simulate(folder, scale=self.scale, seed=self.seed, campaigns=self.scenarios, corpora=corpora)
        else:
            simulate(folder, exchanges=self.n_legitimate, seed=self.seed, campaigns=(), corpora=corpora)
            hand = _hand(self.generator)
            hand.add_attacks(folder, scale=self.scale, seed=self.seed, names=self.scenarios, corpora=corpora)

    def _write_innocents(self, folder: Path, corpora: Path | None) -> None:
        n_second = int(self.n_legitimate * _SECOND_SHARE)
        simulate(folder, exchanges=self.n_legitimate - n_second, seed=self.seed, campaigns=(), corpora=corpora)
        hand = _hand("second" if self.generator == "first" else self.generator)
        hand.add_innocents(folder, exchanges=n_second, seed=self.seed, corpora=corpora)


def _hand(generator: str) -> ModuleType:
    """The package of another author, loaded only where it is asked for."""
    return import_module(f"stillwatch.bench.{generator}_hand")


def _clear(folder: Path) -> None:
    """Make room for a world: remove an earlier or half-written one, and refuse to remove anything else."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "truth" / MARKER).exists():
        msg = f"{folder} holds other files than a world; name another folder"
        raise InvalidInput(msg)
    shutil.rmtree(folder)
