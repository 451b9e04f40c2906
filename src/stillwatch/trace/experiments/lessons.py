"""What each measure does to a student and to everybody else: the table on arithmetic with reasoning.

A teacher is trained on right traces, a proxy on few of them. Each measure serves the same problems; students are
trained from scratch on what was served and sit an exam on other problems. The passive student takes all as it is. The
adaptive one checks the steps and keeps traces whose every step holds, or weighs each by exp(beta value), value the
share of steps that hold; where there is no reasoning to check it makes its own: it keeps what a bootstrap model of its
own reasons when that reaches the served answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.campaign import Verdict
from stillwatch.trace.antidistill.lesson import StreamVerdict
from stillwatch.trace.antidistill.processors import antidistil_processor, experts_processor
from stillwatch.trace.antidistill.sampling import Antidistil, Experts
from stillwatch.trace.experiments.arithmetic import Arithmetic
from stillwatch.trace.experiments.transformer import (
    Batch,
    Model,
    Shape,
    Tensor,
    TrainingPlan,
    generate,
    gradient,
    moved,
    new,
    torch,
    train,
)

__all__ = ["Lesson", "LessonPlan", "Row", "classroom", "measure", "table"]

JUDGED = StreamVerdict(Verdict.HARVEST, "campaign-of-the-experiment", "account-of-the-experiment", "family")


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """Sizes of the experiment; as it stands, minutes on two cores.

    served      Problems that the teacher answers for the harvest.
    own         Right traces that a student of withheld answers has of its own; the proxy is trained on as many.
    beta        Of the weights exp(beta value).
    """

    grammar: Arithmetic = field(default_factory=lambda: Arithmetic(10, 2))
    width: int = 64
    layers: int = 2
    teacher_steps: int = 800
    proxy_steps: int = 250
    student_steps: int = 400
    batch: int = 64
    rate: float = 3e-3
    served: int = 1500
    own: int = 50
    proxy_traces: int = 150
    exam: int = 500
    beta: float = 8.0
    device: str = "cpu"


class Classroom(NamedTuple):
    """A teacher, a proxy student, and the direction in which the proxy's loss on right traces rises fastest."""

    teacher: Model
    proxy: Model
    direction: dict[str, Tensor]


class Lesson(NamedTuple):
    """One measure: its name, the texts a student gets, and the whole traces that a benign user's answer came from.

    passes      Forward passes a token, in passes of teacher or proxy.
    """

    name: str
    texts: NDArray[np.int64]
    traces: NDArray[np.int64]
    passes: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: shares in 0 to 1; None where a column makes no sense.

    accuracy        Right answers as served, which is also what benign users get.
    valid           Traces, as served, of which every step holds.
    passive, filtered, weighted, bootstrapped   Right answers of students on other problems.
    kept            Served texts that the filter kept.
    shown           Tokens of reasoning that a user sees of an answer.
    """

    name: str
    accuracy: float
    valid: float | None
    passive: float
    filtered: float | None
    weighted: float | None
    bootstrapped: float | None
    kept: float | None
    shown: float
    passes: int


def _batches(
    texts: NDArray[np.int64], pad: int, start: int, size: int, weights: NDArray[np.float64] | None, seed: int
) -> Iterator[Batch]:
    """Endless batches of texts; what stands before `start` and padding are no targets."""
    rng = np.random.default_rng(seed)
    value = np.ones(len(texts)) if weights is None else weights
    mask = ((texts != pad) & (np.arange(texts.shape[1]) >= start)) * value[:, None]
    while True:
        chosen = rng.integers(0, len(texts), size)
        yield texts[chosen], mask[chosen].astype(np.float32)


def _taught(
    texts: NDArray[np.int64], plan: LessonPlan, seed: int, steps: int, weights: NDArray[np.float64] | None = None
) -> Model:
    """A model trained from scratch on texts."""
    grammar = plan.grammar
    shape = Shape(grammar.vocabulary_size, plan.width, plan.layers, 4, grammar.length)
    model = new(shape, seed, plan.device)
    train(
        model,
        _batches(texts, grammar.symbol("pad"), grammar.prompt_length, plan.batch, weights, seed),
        TrainingPlan(steps, plan.rate),
    )
    return model


def classroom(plan: LessonPlan, seed: int) -> Classroom:
    """Train the teacher and the proxy, and take the proxy's gradient on right traces it has not seen."""
    rng = np.random.default_rng(seed)
    grammar = plan.grammar
    lessons = grammar.traces(rng, grammar.problems(rng, max(20 * plan.served, 1000)))
    teacher = _taught(lessons, plan, seed + 1, plan.teacher_steps)
    proxy = _taught(grammar.traces(rng, grammar.problems(rng, plan.proxy_traces)), plan, seed + 2, plan.proxy_steps)
    unseen = grammar.traces(rng, grammar.problems(rng, 256))
    ahead = next(_batches(unseen, grammar.symbol("pad"), grammar.prompt_length, 256, None, seed))
    return Classroom(teacher, proxy, gradient(proxy, ahead))


def _drawn(seed: int, device: str) -> Callable[[Tensor], Tensor]:
    """Draws one token of each row of logits."""
    lib = torch()
    source = lib.Generator(device).manual_seed(seed)
    return lambda scores: lib.multinomial(lib.softmax(scores.float(), -1), 1, generator=source)[:, 0]


def _serve(
    plan: LessonPlan,
    models: list[Model],
    problems: NDArray[np.int64],
    seed: int,
    change: Callable[[list[Tensor], Tensor], Tensor],
) -> NDArray[np.int64]:
    """Whole traces, sampled at temperature 1 from changed logits."""
    draw = _drawn(seed, plan.device)
    prompts = plan.grammar.prompts(problems)
    return generate(models, prompts, plan.grammar.length, lambda told, ids: draw(change(told, ids)))


def measure(plan: LessonPlan, room: Classroom, problems: NDArray[np.int64], seed: int) -> Iterator[Lesson]:
    """The same problems under every measure."""
    rng = np.random.default_rng(seed)
    plain = _serve(plan, [room.teacher], problems, seed, lambda told, _ids: told[0])
    yield Lesson("nothing", plain, plain)
    yield Lesson("reasoning withheld", plan.grammar.without_reasoning(plain), plain)
    yield Lesson("reasoning summarised", plan.grammar.summarised(plain), plain)
    changed = plan.grammar.reordered(rng, plain)
    yield Lesson("independent steps reordered", changed, changed)
    for gamma in (0.3, 0.6):
        experts = Experts(gamma, JUDGED)
        mixed = _serve(plan, [room.teacher, room.proxy], problems, seed, _mixing(experts))
        yield Lesson(f"product of experts, gamma {gamma}", mixed, mixed, 2)
    for strength in (0.1, 0.2, 0.5):
        shift = Antidistil(strength, JUDGED, epsilon=0.05)
        both = [moved(room.proxy, room.direction, by) for by in (shift.epsilon, -shift.epsilon)]
        shifted = _serve(plan, [room.teacher, *both], problems, seed, _shifting(shift))
        yield Lesson(f"antidistillation, lambda {strength}", shifted, shifted, 3)


def _mixing(settings: Experts) -> Callable[[list[Tensor], Tensor], Tensor]:
    def change(told: list[Tensor], ids: Tensor) -> Any:  # noqa: ANN401  a tensor
        return experts_processor(settings, lambda _ids: told[1])(ids, told[0])

    return change


def _shifting(settings: Antidistil) -> Callable[[list[Tensor], Tensor], Tensor]:
    def change(told: list[Tensor], ids: Tensor) -> Any:  # noqa: ANN401  a tensor
        return antidistil_processor(settings, lambda _ids: told[1], lambda _ids: told[2])(ids, told[0])

    return change


def _graded(plan: LessonPlan, student: Model, problems: NDArray[np.int64]) -> float:
    """Right answers, each token the likeliest; a student that learnt to answer without reasoning answers so."""
    prompts = plan.grammar.prompts(problems)
    told = generate([student], prompts, plan.grammar.length, lambda scores, _ids: scores[0].argmax(-1))
    named = (told == plan.grammar.symbol("#")).argmax(1)
    # A student that names no answer has 0 there: the token after it is the first of its prompt, which is no number.
    answers = told[np.arange(len(told)), np.minimum(named + 1, told.shape[1] - 1)]
    return float((answers == plan.grammar.answers(problems)).mean())


def _bootstrapped(plan: LessonPlan, lesson: Lesson, own: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """What a student of bare answers can train on: its own traces where they reach the served answer.

    References: Zelikman et al. (2022), NeurIPS, STaR.
    """
    grammar = plan.grammar
    known = own
    served = lesson.traces[:, 1 : grammar.prompt_length - 1 : 2]
    for turn in range(2):
        model = _taught(known, plan, seed + turn, plan.student_steps)
        tried = _serve(plan, [model], served, seed + turn, lambda told, _ids: told[0])
        reached = (tried[:, -3] == grammar.symbol("#")) & (tried[:, -2] == lesson.traces[:, -2])
        known = np.concatenate((own, tried[reached]))
    return known


def table(plan: LessonPlan, seed: int) -> Iterator[Row]:
    """Every measure's row, one after another as it is ready."""
    grammar = plan.grammar
    rng = np.random.default_rng(seed)
    problems, exam = grammar.problems(rng, plan.served), grammar.problems(rng, plan.exam)
    own = grammar.traces(rng, grammar.problems(rng, plan.own))
    yield _own_row(plan, own, exam, seed)
    for lesson in measure(plan, classroom(plan, seed), problems, seed + 5):
        yield _row(plan, lesson, own, exam, seed + 7)


def _own_row(plan: LessonPlan, own: NDArray[np.int64], exam: NDArray[np.int64], seed: int) -> Row:
    """A student that was served nothing: what the others are to be compared with."""
    alone = _graded(plan, _taught(own, plan, seed + 7, plan.student_steps), exam)
    return Row("served nothing (own traces)", 0.0, None, alone, None, None, None, None, 0.0, 0)


def _row(plan: LessonPlan, lesson: Lesson, own: NDArray[np.int64], exam: NDArray[np.int64], seed: int) -> Row:
    grammar = plan.grammar

    def grade(texts: NDArray[np.int64], weights: NDArray[np.float64] | None = None) -> float:
        return _graded(plan, _taught(texts, plan, seed, plan.student_steps, weights), exam)

    checked = [grammar.check(trace) for trace in lesson.traces]
    accuracy = float(
        np.mean(lesson.traces[:, -2] == grammar.answers(lesson.traces[:, 1 : grammar.prompt_length - 1 : 2]))
    )
    shown = float((lesson.texts != grammar.symbol("pad")).sum(1).max()) - grammar.prompt_length - 3
    if lesson.texts is not lesson.traces:
        boot = grade(_bootstrapped(plan, lesson, own, seed))
        return Row(lesson.name, accuracy, None, grade(lesson.texts), None, None, boot, None, shown, lesson.passes)
    valid = np.array([found.valid for found in checked])
    # A reader of a reordered trace finds sums that go on from other products: it can check steps, not their chain.
    right = np.array([found.right_steps for found in checked])
    kept = right == 1.0
    filtered = grade(lesson.texts[kept]) if kept.sum() >= plan.batch else None
    weighted = grade(lesson.texts, np.exp(plan.beta * (right - 1.0)))
    return Row(
        lesson.name,
        accuracy,
        float(valid.mean()),
        grade(lesson.texts),
        filtered,
        weighted,
        None,
        float(kept.mean()),
        shown,
        lesson.passes,
    )
