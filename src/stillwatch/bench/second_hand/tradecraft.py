"""How good an operator is at it: drawn once a campaign, each habit by itself but better on the whole with skill."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from stillwatch.bench.second_hand.clock import Pace
from stillwatch.bench.second_hand.scene import SETTINGS, STACK, Scene
from stillwatch.bench.second_hand.text import foreign
from stillwatch.bench.second_hand.traffic import one_settings, settings_table, stack_table

__all__ = ["Craft", "Fleet", "draw_craft", "factory_settings"]

_PROGRAMS: Final = (
    ("python-httpx/0.28.1", "httpx 0.28.1 linux", "t13d181_openssl_lin"),
    ("Python/3.12 aiohttp/3.11.9", "aiohttp 3.11.9 linux", "t13d179_openssl_lin"),
    ("Go-http-client/2.0", "go-http 1.23 linux", "t13d176_go_lin"),
    ("axios/1.7.9", "axios 1.7.9 linux", "t13d150_node_lin"),
    ("okhttp/4.12.0", "okhttp 4.12.0 linux", "t13d162_conscrypt_lin"),
    ("python-requests/2.32.3", "requests 2.32.3 linux", "t13d182_openssl_lin"),
    ("reqwest/0.12.9", "reqwest 0.12.9 linux", "t13d171_rustls_lin"),
)
_FACTORY: Final[tuple[dict[str, object], ...]] = (
    {"temperature": 0.7, "top_p": 0.95, "max_tokens": 4096},
    {"temperature": 1.0, "max_tokens": 8192},
    {"temperature": 0.0, "max_tokens": 2048},
    {"temperature": 0.6, "top_p": 0.95, "max_tokens": 16384, "choice_count": 4},
    {"temperature": 0.9, "top_p": 0.9, "max_tokens": 3000},
    {"max_tokens": 32000, "reasoning_effort": "high"},
    {"temperature": 1.0, "max_tokens": 4096, "choice_count": 8, "wants_logprobs": True},
    {},
)
_SLOPPY_EXITS: Final = ("datacentre", "vpn", "cloud", "static")
_CAREFUL_EXITS: Final = ("sticky", "static", "mobile", "home", "rotating")


@dataclass(frozen=True, slots=True)
class Fleet:
    """A part of an operation that is set up one way: where it leaves the net and which programs it runs."""

    exits: str
    stacks: pa.Table
    choices: pa.Table


@dataclass(frozen=True, slots=True)
class Craft:
    """Habits of one operator.

    skill       0 sloppy to 1 careful.
    policy      How keys are chosen; a name of keypool.POLICIES.
    payment_group   Accounts on one card.
    payment_null    Share of accounts that live on free credit.
    signup      aged batches, fresh ones, or spread over a year.
    domains     E-mail domains of the operator's own; 0 uses public ones.
    n_templates Templates in use, 1 to 40.
    staged      True when a stage of the factory ends before the next begins.
    languages   Of the operator's own questions and wrappers.
    cleans      True when texts are tidied before they are sent.
    retry       Share of jobs that fail once and are sent again.
    pace        How the queue is worked off.
    keeps_conversations     The program names conversations and sessions.
    agent       Place of the agent that is copied, where one is, among the scene's.
    """

    skill: float
    fleets: tuple[Fleet, ...]
    policy: str
    payment_group: int
    payment_null: float
    signup: str
    domains: int
    n_templates: int
    staged: bool
    languages: tuple[str, ...]
    cleans: bool
    retry: float
    pace: Pace
    own_organisations: bool
    keeps_conversations: bool
    agent: int


def draw_craft(rng: np.random.Generator, scene: Scene, n_fleets: int) -> Craft:
    """An operator."""
    skill = float(rng.beta(1.3, 1.3))

    def careful() -> bool:
        return bool(rng.random() < 0.15 + 0.7 * skill)

    groups = [1, 1, 2, 3, 5] if careful() else [3, 5, 8, 20, 40]
    return Craft(
        skill=skill,
        fleets=tuple(_fleet(rng, scene, careful=careful(), hides=careful()) for _ in range(n_fleets)),
        policy=str(rng.choice(["weighted", "rotate", "lease", "drain", "affine"])),
        payment_group=int(rng.choice(groups)),
        payment_null=float(rng.choice([0.0, 0.0, 0.15, 0.5])),
        signup=str(rng.choice(["aged", "spread"] if careful() else ["aged", "fresh"])),
        domains=0 if careful() else int(rng.integers(1, 7)),
        n_templates=int(np.ceil(40 ** rng.random())),
        staged=bool(rng.random() < 0.5),
        languages=_languages(rng),
        cleans=careful(),
        retry=float(rng.choice([0.0, 0.01, 0.03, 0.08])),
        pace=Pace(
            runs=int(rng.integers(1, 15)),
            nights_off=bool(rng.random() < 0.4),
            jitter=float(rng.random()) if careful() else 0.15,
        ),
        own_organisations=bool(rng.random() < 0.3),
        keeps_conversations=bool(rng.random() < 0.6),
        agent=int(rng.integers(max(1, min(3, scene.agents.num_rows)))),
    )


def _languages(rng: np.random.Generator) -> tuple[str, ...]:
    """Mostly English; a quarter of operators work in several languages, some in one other."""
    others = list(foreign())
    kind = rng.random()
    if kind < 0.6:
        return ("en",)
    if kind < 0.75:
        return ("en", "zh")
    return ("en", *(str(code) for code in rng.choice(others, int(rng.integers(2, len(others) + 1)), replace=False)))


def _fleet(rng: np.random.Generator, scene: Scene, *, careful: bool, hides: bool) -> Fleet:
    exits = str(rng.choice(_CAREFUL_EXITS if careful else _SLOPPY_EXITS))
    return Fleet(exits, _stacks(rng, scene, hides=hides), factory_settings(rng, scene, hides=hides))


def _stacks(rng: np.random.Generator, scene: Scene, *, hides: bool) -> pa.Table:
    """One program as it is, or popular clients imitated: with care in every field, else in the header alone."""
    program = _PROGRAMS[int(rng.integers(len(_PROGRAMS)))]
    if not hides:
        return stack_table([program])
    top = scene.stacks.select(list(STACK)).slice(0, 25)
    chosen = top.take(pa.array(rng.choice(top.num_rows, min(top.num_rows, int(rng.integers(1, 9))), replace=False)))
    if rng.random() < 0.5:
        return chosen
    return chosen.set_column(2, "tls_fingerprint", pa.repeat(program[2], chosen.num_rows))


def factory_settings(rng: np.random.Generator, scene: Scene, *, hides: bool) -> pa.Table:
    """Parameters: the factory's one set, or some that many others use too."""
    if not hides or not scene.settings.num_rows:
        return settings_table([_FACTORY[int(rng.integers(len(_FACTORY)))]])
    top = scene.settings.select(list(SETTINGS)).slice(0, 20)
    some = rng.choice(top.num_rows, min(top.num_rows, int(rng.integers(1, 4))), replace=False)
    return pa.concat_tables([one_settings(top, int(i)) for i in some])
