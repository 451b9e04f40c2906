"""The attacks, one row each; what a row leaves open every seed draws for itself."""

from dataclasses import dataclass
from typing import Final

from stillwatch.bench.third_hand.clock import HOURS
from stillwatch.bench.third_hand.dispatch import DISPATCHERS
from stillwatch.bench.third_hand.wording import WORKS

__all__ = ["TRAITS", "Trait"]

Span = tuple[float, float]
_MACHINE: Final = HOURS[:5]


@dataclass(frozen=True, slots=True)
class Trait:
    """What may be drawn for an operator.

    total       Exchanges of the harvest at scale 1.
    rate        Exchanges an account sends on a day of work.
    days        Share of the window that the job lasts.
    kept        Share of the wording that each prompt decides anew.
    turns       Mean turns of a conversation.
    samples     How often the same question is asked, at most.
    cover       Ordinary-looking exchanges for each of the harvest.
    life        Days an account lasts before it is closed and replaced; 0 for as long as the job.
    marks       What only this attack does; `attack` and `rendering` read them.
    """

    name: str
    total: int
    rate: Span = (14, 45)
    days: Span = (0.5, 1.0)
    works: tuple[str, ...] = WORKS
    count: tuple[int, int] = (2, 10)
    kept: Span = (0.0, 0.5)
    turns: Span = (1.0, 1.3)
    samples: int = 4
    cover: Span = (0.0, 0.4)
    life: float = 0.0
    dispatch: tuple[str, ...] = DISPATCHERS
    hours: tuple[str, ...] = _MACHINE
    network: tuple[str, ...] = ("blocks", "hosted", "each", "rotating", "sticky")
    program: tuple[str, ...] = ("own", "own", "popular", "each", "false")
    knobs: tuple[str, ...] = ("fixed", "jitter", "mimic")
    cards: tuple[str, ...] = ("shared", "virtual", "gift", "unknown")
    signup: tuple[str, ...] = ("batches", "batches", "aged", "trickle")
    moves: float = 0.25
    marks: frozenset[str] = frozenset()


def _m(*marks: str) -> frozenset[str]:
    return frozenset(marks)


TRAITS: Final[tuple[Trait, ...]] = (
    Trait("reasoning-harvest", 150_000, works=("cot", "grade", "rewrite"), count=(3, 9)),
    Trait(
        "agentic-harvest",
        3_400_000,
        rate=(60, 400),
        works=("agent", "agent", "code"),
        count=(3, 12),
        turns=(3.0, 9.0),
        samples=2,
    ),
    Trait("pivot-harvest", 13_000_000, count=(4, 16), moves=1.0, days=(0.85, 1.0), marks=_m("pivot")),
    Trait("big-summer", 12_000_000, rate=(20, 32), count=(8, 30), days=(0.9, 1.0), life=25.0, cover=(0.0, 0.2)),
    Trait("bare-questions", 1_200_000, marks=_m("bare"), samples=2),
    Trait("slow-drip", 500_000, rate=(1.5, 4.5), days=(0.9, 1.0), hours=("continuous", "throttled"), cover=(0.0, 1.0)),
    Trait("paraphrase", 800_000, kept=(0.9, 1.0), samples=1),
    Trait("camouflage", 1_000_000, program=("copied",), works=("cot", "code", "answer"), marks=_m("copied")),
    Trait("ban-evasion", 1_500_000, life=1.6, signup=("batches", "trickle"), days=(0.8, 1.0)),
    Trait("one-per-account", 300_000, rate=(1.0, 1.3), samples=1, cover=(0.0, 0.0), marks=_m("once")),
    Trait("multi-provider", 2_000_000, marks=_m("providers")),
    Trait(
        "relay-mixed",
        1_000_000,
        rate=(15, 80),
        cover=(1.0, 10.0),
        dispatch=("uniform", "weighted", "leases", "least-recent"),
        network=("hosted", "rotating", "sticky"),
        marks=_m("relay"),
    ),
    Trait("sorted-list", 800_000, dispatch=("drain", "leases", "workers"), samples=1, marks=_m("sorted")),
    Trait("padded-turns", 700_000, turns=(2.0, 4.0), marks=_m("padded")),
    Trait("uneven-load", 1_000_000, dispatch=("weighted",), marks=_m("skewed")),
    Trait("fake-repeats", 600_000, marks=_m("repeats")),
    Trait("small-ring", 300_000, rate=(18, 40), cards=("virtual", "gift", "shared"), marks=_m("rings")),
    Trait("shards-as-people", 600_000, rate=(8, 30), hours=("human",), program=("popular", "each"), marks=_m("shards")),
    Trait(
        "client-key-per-account",
        500_000,
        network=("each",),
        program=("each",),
        knobs=("mimic",),
        cards=("virtual",),
        signup=("aged", "trickle"),
        marks=_m("bare"),
    ),
    Trait(
        "relay-like-cover",
        600_000,
        cover=(3.0, 30.0),
        dispatch=("uniform", "leases", "least-recent"),
        network=("rotating", "sticky", "hosted"),
        marks=_m("relay", "chatter"),
    ),
    Trait("ordinary-content", 800_000, knobs=("mimic", "jitter"), samples=1, marks=_m("bare", "ordinary")),
)
