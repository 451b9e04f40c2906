"""Each baseline with the setting and threshold that its own validation traffic chooses, as its authors would."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.bench.measures import account_truth, average_precision, recall_at, threshold_at
from stillwatch.bench.traffic import FolderTraffic
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.model.baseline import Baseline, Setting, Traffic
from stillwatch.simulate import simulate

__all__ = [
    "FALSE_RATE",
    "SCALE",
    "TUNED_PATH",
    "VALIDATION_SEEDS",
    "Labelled",
    "Provenance",
    "Tried",
    "Tuned",
    "TunedSet",
    "load_tuned",
    "save_tuned",
    "tune",
    "tune_all",
]

VALIDATION_SEEDS: Final = (301, 302, 303)
"""Of the first generator only; nothing else is ever looked at on these, and nothing is tuned on any other."""
SCALE: Final = 1 / 400
"""About 150,000 exchanges with every campaign in them."""
FALSE_RATE: Final = 1e-3
"""Share of legitimate accounts that a baseline may accuse on validation traffic."""
TUNED_PATH: Final = Path(__file__).parent / "data" / "tuned.json"

_LAYOUT: Final = 1
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """Traffic whose attackers are known.

    traffic         What a baseline reads.
    is_attacker     True for accounts of a campaign's operator, aligned with the traffic's `account_id`.
    """

    traffic: Traffic
    is_attacker: NDArray[np.bool_]

    @classmethod
    def of_folder(cls, folder: Path) -> "Labelled":
        """Read a folder that `simulate` wrote.

        Raises  MissingData when it holds no logs or no truth.
        """
        traffic = FolderTraffic(folder)
        return cls(traffic, account_truth(folder, traffic.account_id))


@dataclass(frozen=True, slots=True)
class Tried:
    """One setting on all validation traffic.

    recall              Mean share of attackers' accounts found at `FALSE_RATE`, 0 to 1.
    average_precision   Mean average precision, 0 to 1.
    """

    setting: Setting
    recall: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning chose for a baseline.

    threshold   An account is accused whose score is at least this, and not -inf; -inf accuses all it can judge.
    tried       Every setting of the grid, in its order.
    """

    name: str
    setting: Setting
    threshold: float
    recall: float
    average_precision: float
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where tuned settings come from.

    generator   Module that wrote the traffic.
    scale       Share of a large provider's traffic.
    n_exchanges Exchanges of each seed.
    digests     First 16 digits of the SHA-256 of each seed's logs: other digits are other traffic.
    prompts     Where prompts came from: real corpora or the built-in grammar.
    """

    generator: str
    seeds: tuple[int, ...]
    scale: float
    n_exchanges: tuple[int, ...]
    digests: tuple[str, ...]
    prompts: str
    false_rate: float = FALSE_RATE
    version: str = __version__


@dataclass(frozen=True, slots=True)
class TunedSet:
    """Tuned baselines by name, and why others have no entry."""

    provenance: Provenance
    baselines: Mapping[str, Tuned]
    not_run: Mapping[str, str] = field(default_factory=dict)


class _Remembering:
    """Traffic that is read again and again: what each set of columns gave is kept, unless it is texts."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._read: dict[tuple[str, ...], pa.Table] = {}

    @cached_property
    def account_id(self) -> pa.StringArray:
        return self._traffic.account_id

    @cached_property
    def accounts(self) -> pa.Table:
        return self._traffic.accounts

    @property
    def n_exchanges(self) -> int:
        return self._traffic.n_exchanges

    def read(self, columns: Sequence[str]) -> pa.Table:
        key = tuple(columns)
        if key in self._read:
            return self._read[key]
        table = self._traffic.read(columns)
        if not {"prompt_text", "system_text", "output_text"} & set(key):
            self._read[key] = table
        return table


def tune(baseline: Baseline, validation: Sequence[Labelled]) -> Tuned:
    """Choose the setting with the best mean account recall at one false account in a thousand.

    Of equal recalls the better mean average precision wins, of equals the setting that stands first in the grid. The
    threshold is the smallest score that accuses at most that share of all legitimate validation accounts together.

    validation  At least one traffic, each with an attacker and a legitimate account.
    Raises      InvalidInput when there is none; what the baseline raises.

    >>> from stillwatch.bench.baselines.volume import Volume
    >>> tune(Volume(), [])
    Traceback (most recent call last):
    stillwatch.errors.InvalidInput: validation needs traffic with attackers and legitimate accounts, got 0 of 0
    """
    usable = [part for part in validation if part.is_attacker.any() and not part.is_attacker.all()]
    if len(usable) < max(len(validation), 1):
        msg = f"validation needs traffic with attackers and legitimate accounts, got {len(usable)} of {len(validation)}"
        raise InvalidInput(msg)
    kept = [Labelled(_Remembering(part.traffic), part.is_attacker) for part in usable]
    tried, best, threshold = [], -1, np.inf
    for i, setting in enumerate(baseline.settings()):
        scores = [baseline.score(part.traffic, setting) for part in kept]
        tried.append(_tried(setting, kept, scores))
        if best < 0 or _merit(tried[i]) > _merit(tried[best]):
            best, threshold = i, _threshold(kept, scores)
    chosen = tried[best]
    return Tuned(baseline.name, chosen.setting, threshold, chosen.recall, chosen.average_precision, tuple(tried))


def _merit(tried: Tried) -> tuple[float, float]:
    return tried.recall, tried.average_precision


def _tried(setting: Setting, validation: Sequence[Labelled], scores: Sequence[NDArray[np.float64]]) -> Tried:
    pairs = [(s[part.is_attacker], s[~part.is_attacker]) for part, s in zip(validation, scores, strict=True)]
    recall = float(np.mean([recall_at(bad, good, FALSE_RATE) for bad, good in pairs]))
    return Tried(dict(setting), recall, float(np.mean([average_precision(bad, good) for bad, good in pairs])))


def _threshold(validation: Sequence[Labelled], scores: Sequence[NDArray[np.float64]]) -> float:
    legitimate = np.concatenate([s[~part.is_attacker] for part, s in zip(validation, scores, strict=True)])
    too_low = threshold_at(legitimate, FALSE_RATE)
    return float(np.nextafter(too_low, np.inf)) if np.isfinite(too_low) else too_low


def tune_all(
    baselines: Sequence[Baseline],
    *,
    seeds: Sequence[int] = VALIDATION_SEEDS,
    scale: float = SCALE,
    corpora: Path | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> TunedSet:
    """Write validation traffic to a temporary folder and tune every baseline on it.

    A baseline that lacks something on this machine (an extra that is not installed) has its reason in `not_run`.

    scale           Share of a large provider's traffic; 1/400 is about 150,000 exchanges a seed.
    corpora         Folder of real prompts; None uses the built-in grammar.
    on_progress     Called with what is being done.
    """
    say = on_progress or (lambda _: None)
    with TemporaryDirectory() as folder:
        runs = []
        for seed in seeds:
            say(f"simulate seed {seed}")
            runs.append(simulate(Path(folder) / str(seed), scale=scale, seed=seed, corpora=corpora))
        provenance = Provenance(
            generator=simulate.__module__.rpartition(".")[0],
            seeds=tuple(seeds),
            scale=scale,
            n_exchanges=tuple(int(str(run.manifest["exchanges"])) for run in runs),
            digests=tuple(_digest(run.logs) for run in runs),
            prompts=str(runs[0].manifest["prompts"]),
        )
        validation = [Labelled.of_folder(run.out) for run in runs]
        tuned, not_run = {}, {}
        for baseline in baselines:
            say(f"tune {baseline.name}")
            try:
                tuned[baseline.name] = tune(baseline, validation)
            except MissingData as missing:
                not_run[baseline.name] = str(missing)
    return TunedSet(provenance, tuned, not_run)


def _digest(logs: Sequence[Path]) -> str:
    found = sha256()
    for path in logs:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def save_tuned(tuned: TunedSet, path: Path = TUNED_PATH) -> None:
    """Write tuned settings as JSON, layout and all; an infinite threshold is written as null."""
    content = {"layout": _LAYOUT, **asdict(tuned)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def load_tuned(path: Path = TUNED_PATH) -> TunedSet:
    """Read what `save_tuned` wrote.

    Raises  MissingData when there is no such file, UnreadableSource when it is damaged or larger than 1 MB,
            IncompatibleVersion when its layout is another.
    """
    if not path.is_file():
        msg = f"{path} does not exist; tune the baselines first"
        raise MissingData(msg)
    if path.stat().st_size > _MOST_BYTES:
        msg = f"{path} has {path.stat().st_size:,} bytes, at most {_MOST_BYTES:,} are read; tune the baselines again"
        raise UnreadableSource(msg)
    try:
        content = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as wrong:
        msg = f"{path} is no JSON, at byte {wrong.pos}; tune the baselines again"
        raise UnreadableSource(msg) from wrong
    layout = content.get("layout") if isinstance(content, dict) else None
    if layout != _LAYOUT:
        msg = f"{path} has layout {layout}, this version reads {_LAYOUT}; tune the baselines again"
        raise IncompatibleVersion(msg)
    try:
        return _tuned_set(content)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        msg = f"{path} does not hold what its layout says: {wrong}; tune the baselines again"
        raise UnreadableSource(msg) from wrong


def _tuned_set(content: Mapping[str, Any]) -> TunedSet:
    where = {**content["provenance"]}
    where |= {name: tuple(where[name]) for name in ("seeds", "n_exchanges", "digests")}
    baselines = {name: _tuned(entry) for name, entry in content["baselines"].items()}
    return TunedSet(Provenance(**where), baselines, dict(content["not_run"]))


def _tuned(entry: Mapping[str, Any]) -> Tuned:
    tried = tuple(Tried(**attempt) for attempt in entry["tried"])
    threshold = -np.inf if entry["threshold"] is None else float(entry["threshold"])
    return Tuned(**{**entry, "tried": tried, "threshold": threshold})
