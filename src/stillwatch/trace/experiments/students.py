"""Students of a marked teacher, trained from scratch: how much of its data must bear the mark for it to show.

A teacher is trained on public text and answers accounts with both layers on. Students are trained on mixtures of marked
and unmarked answers and on attacked ones; every one sits the same exam: after contexts that were served, in text that
the teacher wrote without any mark. Innocent students are those of unmarked answers and of another teacher.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.experiments.device_numbers import Marker
from stillwatch.trace.experiments.exam import Answers, Result, examine, places, token_numbers
from stillwatch.trace.experiments.transformer import (
    Batch,
    Model,
    Shape,
    Tensor,
    TrainingPlan,
    generate,
    logits,
    new,
    torch,
    train,
)
from stillwatch.trace.keys.key import MarkKey, Purpose, derive, key_words
from stillwatch.trace.mark import _kernels_prf as kernels
from stillwatch.trace.mark import gumbel, prf
from stillwatch.trace.mark.options import Scheme

__all__ = [
    "Served",
    "StudentPlan",
    "World",
    "accounts_found",
    "asked",
    "campaign_key",
    "mixed",
    "prompts",
    "pupil",
    "sat",
    "serve",
    "trained",
    "world",
]

MASTER = b"the master secret of experiments"
EPOCH = "experiment"


@dataclass(frozen=True, slots=True)
class StudentPlan:
    """Sizes; as it stands, a few minutes on two cores.

    accounts        Accounts that are served, each with requests of its own.
    requests        Requests of each account.
    prompt          Tokens of a prompt, out of public text.
    asked_rows      Unmarked texts that exams ask in.
    least           Times that a context must have been served to be asked about: more often, better learnt.
    likeliest       Tokens of an open answer that count; the rest is left out.
    least_chance    Probability below which a token is left out as well.
    keys            Keys that were never used, for the rank.
    """

    vocabulary_size: int = 1024
    length: int = 64
    prompt: int = 8
    teacher: Shape = field(default_factory=lambda: Shape(1024, 96, 2, 4, 64))
    student: Shape = field(default_factory=lambda: Shape(1024, 64, 2, 4, 64))
    teacher_steps: int = 1200
    student_steps: int = 700
    batch: int = 24
    rate: float = 3e-3
    accounts: int = 200
    requests: int = 20
    asked_rows: int = 1000
    least: int = 2
    likeliest: int = 64
    least_chance: float = 1e-3
    keys: int = 99
    scheme: Scheme = field(default_factory=lambda: Scheme(delta=2.0))
    device: str = "cpu"


class Served(NamedTuple):
    """What was served: texts (rows, length) and whose each row is."""

    texts: NDArray[np.int64]
    accounts: NDArray[np.int64]


class World(NamedTuple):
    """A teacher, what it served with and without marks, and the unmarked text that exams ask in."""

    teacher: Model
    marked: Served
    plain: Served
    asked: NDArray[np.int64]


def campaign_key() -> MarkKey:
    """The key that the harvest was marked with."""
    return derive(MASTER, Purpose.CAMPAIGN, "harvest", EPOCH)


def _windows(tokens: NDArray[np.int64], length: int, size: int, seed: int) -> Iterator[Batch]:
    """Endless batches of random windows of one long text."""
    rng = np.random.default_rng(seed)
    ones = np.ones((size, length), np.float32)
    while True:
        starts = rng.integers(0, len(tokens) - length + 1, size)
        yield tokens[starts[:, None] + np.arange(length)], ones


def _rows(texts: NDArray[np.int64], size: int, start: int, seed: int) -> Iterator[Batch]:
    """Endless batches of whole texts; the prompt is no target."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((size, texts.shape[1]), np.float32)
    weights[:, start:] = 1.0
    while True:
        yield texts[rng.integers(0, len(texts), size)], weights


def trained(plan: StudentPlan, tokens: NDArray[np.int64], seed: int) -> Model:
    """A teacher trained on public text."""
    model = new(plan.teacher, seed, plan.device)
    batches = _windows(tokens, plan.length, plan.batch, seed)
    train(model, batches, TrainingPlan(plan.teacher_steps, plan.rate))
    return model


def prompts(plan: StudentPlan, tokens: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Random windows of public text as prompts."""
    starts = np.random.default_rng(seed).integers(0, len(tokens) - plan.prompt, count)
    return np.asarray(tokens[starts[:, None] + np.arange(plan.prompt)])


def serve(plan: StudentPlan, teacher: Model, asked_with: NDArray[np.int64], seed: int, *, marked: bool) -> Served:
    """Answers to prompts, the accounts in turn; both layers or none."""
    words = key_words([derive(MASTER, Purpose.ACCOUNT, f"account-{i}", EPOCH) for i in range(plan.accounts)])
    texts, whose = [], []
    for at in range(0, len(asked_with), plan.accounts):
        some = asked_with[at : at + plan.accounts]
        keys = words[: len(some)] if marked else None
        campaign = campaign_key().words if marked else None
        marker = Marker(plan.scheme, campaign, keys, seed + at, plan.device)
        texts.append(generate([teacher], some, plan.length, _only(marker)))
        whose.append(np.arange(len(some)))
    return Served(np.concatenate(texts), np.concatenate(whose))


def _only(marker: Marker) -> Callable[[list[Tensor], Tensor], Tensor]:
    """A marker that takes the logits of the only model."""
    return lambda told, ids: marker(told[0], ids)


def world(plan: StudentPlan, tokens: NDArray[np.int64], seed: int) -> World:
    """Train a teacher and let it serve the same prompts with and without marks."""
    teacher = trained(plan, tokens, seed)
    asked_with = prompts(plan, tokens, plan.accounts * plan.requests, seed + 1)
    marked = serve(plan, teacher, asked_with, seed + 2, marked=True)
    plain = serve(plan, teacher, asked_with, seed + 3, marked=False)
    probes = serve(plan, teacher, prompts(plan, tokens, plan.asked_rows, seed + 4), seed + 5, marked=False)
    return World(teacher, marked, plain, probes.texts)


def pupil(plan: StudentPlan, texts: NDArray[np.int64], seed: int, model: Model | None = None) -> Model:
    """A student trained on served texts, from scratch or on from a model, which is changed."""
    student = model or new(plan.student, seed, plan.device)
    batches = _rows(texts, plan.batch, plan.prompt, seed)
    train(student, batches, TrainingPlan(plan.student_steps, plan.rate))
    return student


def mixed(of: World, share: float, seed: int) -> NDArray[np.int64]:
    """Training texts of which a share is marked, by request."""
    is_marked = np.random.default_rng(seed).random(len(of.marked.texts)) < share
    texts: NDArray[np.int64] = np.where(is_marked[:, None], of.marked.texts, of.plain.texts)
    return texts


def asked(plan: StudentPlan, of: World) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The text that exams ask in, as one row, and its places: in answers, after contexts that were served.

    The served contexts are those of answers and prompts of the marked requests, never their tokens.
    """
    width = plan.scheme.campaign_width
    # A token that no text holds stands between texts, so that no context goes over an edge unseen.
    flat = np.pad(of.asked, ((0, 0), (0, width)), constant_values=plan.vocabulary_size).ravel()
    served = np.pad(of.marked.texts, ((0, 0), (0, width)), constant_values=plan.vocabulary_size).ravel()
    at = places(flat, served, width, plan.least)
    in_row = at % (plan.length + width)
    return flat, at[(in_row >= plan.prompt) & (in_row < plan.length)]


def answered(plan: StudentPlan, student: Model, of: World, at: NDArray[np.int64], seed: int) -> Answers:
    """What a student says at the places of `asked`."""
    lib = torch()
    row, column = np.divmod(at, plan.length + plan.scheme.campaign_width)
    source = lib.Generator().manual_seed(seed)
    tokens, chances, drawn = [], [], []
    for first in range(0, len(of.asked), 64):
        here = (row >= first) & (row < first + 64)
        with lib.no_grad():
            told = logits(student, lib.as_tensor(of.asked[first : first + 64]).to(plan.device))
        told = lib.softmax(told[row[here] - first, column[here] - 1].double(), -1).cpu()
        best = told.topk(min(plan.likeliest, told.shape[1]), -1)
        tokens.append(best.indices.numpy())
        chances.append(np.where(best.values.numpy() >= plan.least_chance, best.values.numpy(), 0.0))
        drawn.append(lib.multinomial(told, 1, generator=source)[:, 0].numpy() if len(told) else np.zeros(0, np.int64))
    return Answers(np.concatenate(tokens), np.concatenate(chances), np.concatenate(drawn))


def sat(plan: StudentPlan, student: Model, of: World, key: MarkKey, seed: int) -> Result:
    """A student's exam under a key."""
    text, at = asked(plan, of)
    never_used = [derive(MASTER, Purpose.CAMPAIGN, f"never-used-{i}", EPOCH) for i in range(plan.keys)]
    answers = answered(plan, student, of, at, seed)
    return examine(text, at, answers, key, never_used, plan.scheme)


def accounts_found(plan: StudentPlan, of: Served, tokens: int, level: float = 1e-3) -> tuple[float, float]:
    """Share of accounts that some tokens of their answers name, and share named wrongly: all keys, Bonferroni.

    tokens      Answer tokens looked at, whole requests.
    level       Chance of any wrong name among all accounts.
    """
    words = key_words([derive(MASTER, Purpose.ACCOUNT, f"account-{i}", EPOCH) for i in range(plan.accounts)])
    width = plan.scheme.account_width
    requests = max(tokens // (plan.length - plan.prompt), 1)
    right = wrong = 0
    for account in range(plan.accounts):
        texts = of.texts[of.accounts == account][:requests]
        log_p = _log_p_by_account(words, texts, plan.prompt, width)
        named = int(log_p.argmin()) if log_p.min() <= np.log(level / plan.accounts) else None
        right += named == account
        wrong += named not in (None, account)
    return right / plan.accounts, wrong / plan.accounts


def _log_p_by_account(
    words: NDArray[np.uint64], texts: NDArray[np.int64], prompt: int, width: int
) -> NDArray[np.float64]:
    """Log p-value of some texts under every account's key, over contexts that are unique in them."""
    flat = np.ascontiguousarray(texts).ravel()
    column = np.arange(len(flat)) % texts.shape[1]
    at = np.flatnonzero(column >= max(prompt, width))
    _, first = np.unique(prf.contexts(flat, width)[at - width], return_index=True)
    at = at[first]
    by_key = kernels.seeds_by_key(words, flat, at, width)
    scores = gumbel.scores(token_numbers(by_key.ravel(), np.tile(flat[at], len(words))[:, None])[:, 0])
    return np.array([gumbel.log_tail(float(total), len(at)) for total in scores.reshape(by_key.shape).sum(1)])
