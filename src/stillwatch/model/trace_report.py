"""What a test of a suspect says: one form for texts, data sets, students and canaries."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Finding", "Input", "Interval", "KeyUsed", "NullRun", "RankedP", "Suspect", "Test", "TraceReport"]


class Suspect(StrEnum):
    """What was under test."""

    TEXT = "text"
    DATASET = "dataset"
    STUDENT = "student"
    CANARY = "canary"


class Finding(StrEnum):
    """What the tests say together, at the report's alpha.

    FOUND       At least one null is rejected after the adjustment.
    NOT_FOUND   None is; that clears nobody.
    TOO_LITTLE  So little could be tested that no outcome could have rejected a null.
    """

    FOUND = "found"
    NOT_FOUND = "not-found"
    TOO_LITTLE = "too-little"


@dataclass(frozen=True, slots=True)
class Test:
    """One null hypothesis and what was seen.

    about           Whose or what: ``account acct-7``, ``campaign c-3``, ``reader vllm-gumbel``.
    statistic       What was added up, as a phrase.
    observed        The sum.
    expected        Its mean under the null.
    spread          Its standard deviation under the null.
    count           Contexts that went into it, each once.
    log_p           Natural log of the p-value.
    log_p_adjusted  The same after the adjustment for all tests of the report.
    """

    about: str
    statistic: str
    observed: float
    expected: float
    spread: float
    count: int
    log_p: float
    log_p_adjusted: float


@dataclass(frozen=True, slots=True)
class NullRun:
    """The same statistic under keys that were never used, and under the real one.

    values      One for each decoy key.
    observed    Under the real key.
    log_p       Of the rank: ln((1 + decoys at or above) / (decoys + 1)).
    """

    about: str
    values: tuple[float, ...]
    observed: float
    log_p: float


@dataclass(frozen=True, slots=True)
class RankedP:
    """One of all p-values in order: rank 1 is the smallest."""

    rank: int
    log_p: float


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval.

    name        What is estimated, as a phrase, with its unit.
    assumes     Under what the interval covers as often as `confidence` says.
    """

    name: str
    value: float
    low: float
    high: float
    confidence: float
    assumes: str


@dataclass(frozen=True, slots=True)
class Input:
    """A file that was read.

    sha256      Of its bytes; empty where nothing was a file, such as an endpoint.
    """

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """A key that a test used, without its secret.

    commitment      What was published before its use.
    committed_at    Time of that entry in the ledger; None when no entry was shown.
    """

    purpose: str
    for_id: str
    epoch: str
    commitment: str
    committed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What was tested, against which null, how often, and what came of it.

    suspect         Kind of suspect.
    subject         Name of it, as the person who asked gave it.
    alpha           Probability of any false rejection in this report, in (0, 1).
    answer          One or two sentences.
    null            What is assumed until it is rejected.
    population      Over what the probability is.
    multiplicity    How many tests, and how their number is paid for.
    tests           The smallest adjusted p-values first; not all where there are many.
    n_tests         All tests made.
    ranked          P-values of all tests in order, thinned.
    null_runs       Rank tests against decoy keys.
    intervals       Estimates of size, apart from any test.
    counts          What was read and what became of it: name and number; parts stand below their sum.
    limits          What it does not prove.
    apart           Evidence of another kind on the same suspect, never multiplied with the tests.
    made_at         UTC.
    """

    suspect: Suspect
    subject: str
    alpha: float
    finding: Finding
    answer: str
    null: str
    population: str
    multiplicity: str
    tests: tuple[Test, ...]
    n_tests: int
    ranked: tuple[RankedP, ...]
    null_runs: tuple[NullRun, ...]
    intervals: tuple[Interval, ...]
    counts: tuple[tuple[str, int], ...]
    inputs: tuple[Input, ...]
    keys: tuple[KeyUsed, ...]
    limits: tuple[str, ...]
    apart: tuple[str, ...]
    made_at: datetime
    version: str
