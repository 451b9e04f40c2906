"""Students of a marked transformer, tiny: what must hold at any size."""

import numpy as np
import pytest

from stillwatch.trace.experiments import students
from stillwatch.trace.experiments.attacks import paraphrased, paraphraser, substituted
from stillwatch.trace.experiments.device_numbers import Marker
from stillwatch.trace.experiments.exam import Answers, examine
from stillwatch.trace.experiments.students import StudentPlan, World
from stillwatch.trace.experiments.transformer import Shape, logits
from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark.options import Scheme

SHAPE = Shape(64, 16, 1, 2, 24)
PLAN = StudentPlan(
    vocabulary_size=64, length=24, prompt=4, teacher=SHAPE, student=SHAPE, teacher_steps=20, student_steps=20, batch=8,
    accounts=20, requests=4, asked_rows=30, likeliest=16, least_chance=0.01, keys=9, scheme=Scheme(delta=2.0),
)  # fmt: skip
TOKENS = np.random.default_rng(0).choice(64, 4000, p=np.arange(64, 0, -1) / 2080)


@pytest.fixture(scope="module")
def tiny() -> World:
    """A teacher that knows little more than how frequent tokens are: its answers have much room for marks."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return students.world(PLAN, TOKENS, 1)


def test_accounts_are_named(tiny: World) -> None:
    """Forty marked tokens name nearly every account and none wrongly; unmarked ones name none."""
    right, wrong = students.accounts_found(PLAN, tiny.marked, 40)
    assert right > 0.9
    assert wrong == 0.0
    assert students.accounts_found(PLAN, tiny.plain, 40) == (0.0, 0.0)


def test_places_lie_within_answers(tiny: World) -> None:
    """Each place asked about has its context and itself in one answer, and no context comes twice."""
    flat, at = students.asked(PLAN, tiny)
    contexts = [tuple(flat[i - 2 : i]) for i in at]
    assert len(at) > 50
    assert len(set(contexts)) == len(contexts)
    assert max(map(max, contexts)) < 64
    assert (flat[at] < 64).all()


def test_answers_are_the_students(tiny: World) -> None:
    """What an exam is told at a place is the student's distribution there, likeliest first."""
    torch = pytest.importorskip("torch")
    flat, at = students.asked(PLAN, tiny)
    student = students.pupil(PLAN, tiny.plain.texts, 2)
    answers = students.answered(PLAN, student, tiny, at, 3)
    for i in (0, len(at) // 2, len(at) - 1):
        start = at[i] // 26 * 26
        told = torch.softmax(logits(student, torch.tensor(flat[None, start : at[i]]))[0, -1].double(), -1).numpy()
        likeliest = np.sort(told)[::-1][:16]
        np.testing.assert_allclose(answers.probabilities[i], np.where(likeliest < 0.01, 0, likeliest), rtol=1e-4)
        np.testing.assert_allclose(told[answers.tokens[i]], likeliest, rtol=1e-4)


def test_the_teacher_itself_is_found(tiny: World) -> None:
    """Marked text read as if a student had said it is found; a student of unmarked answers is not, under its bound."""
    flat, at = students.asked(PLAN, tiny)
    green = examine(
        flat,
        at,
        Answers(*_marked_answers(tiny, at)),
        students.campaign_key(),
        [derive(bytes(32), Purpose.CAMPAIGN, "unused", "epoch")],
        PLAN.scheme,
    )
    assert green.log_p_closed < np.log(1e-6)
    innocent = students.sat(PLAN, students.pupil(PLAN, tiny.plain.texts, 4), tiny, students.campaign_key(), 5)
    assert innocent.log_p_open > np.log(1e-3)
    assert innocent.log_p_closed > np.log(1e-4)


def _marked_answers(tiny: World, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One token a place, drawn by the teacher with the campaign's layer on."""
    torch = pytest.importorskip("torch")
    flat, _ = students.asked(PLAN, tiny)
    row, column = np.divmod(at, 26)
    drawn = []
    for r, c in zip(row, column, strict=True):
        ids = torch.tensor(tiny.asked[r : r + 1, :c])
        marker = Marker(PLAN.scheme, students.campaign_key().words, None, int(r * 100 + c))
        drawn.append(int(marker(logits(tiny.teacher, ids)[:, -1], ids)[0]))
    assert len(flat) > at.max()
    tokens = np.array(drawn)
    return tokens[:, None], np.ones((len(at), 1)), tokens


def test_shares_are_shares(tiny: World) -> None:
    """Mixtures take each request from the marked or the unmarked answers, in about the share asked for."""
    texts = students.mixed(tiny, 0.3, 6)
    is_marked = (texts == tiny.marked.texts).all(1)
    assert ((texts == tiny.plain.texts).all(1) | is_marked).all()
    assert 0.1 < is_marked.mean() < 0.5


def test_attacks_leave_prompts(tiny: World) -> None:
    """Substitution changes about its share of an answer, paraphrase most blanks; neither touches a prompt."""
    texts = tiny.marked.texts
    changed = substituted(np.random.default_rng(7), texts, 4, 0.25, TOKENS)
    assert (changed[:, :4] == texts[:, :4]).all()
    assert 0.15 < (changed[:, 4:] != texts[:, 4:]).mean() < 0.3
    written = paraphrased(PLAN, paraphraser(PLAN, TOKENS, 0.4, 8), texts, 0.4, 9)
    assert written.shape == texts.shape
    assert (written[:, :4] == texts[:, :4]).all()
    assert written.max() < 64
    assert (written != texts).any(1).all()
