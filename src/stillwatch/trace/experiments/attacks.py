"""What a student's maker does to served texts so that they teach without telling; prompts stay as they are."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.experiments.students import StudentPlan
from stillwatch.trace.experiments.transformer import Batch, Model, Shape, TrainingPlan, generate, new, torch, train

__all__ = ["paraphrased", "paraphraser", "substituted"]


def substituted(
    rng: np.random.Generator, texts: NDArray[np.int64], start: int, share: float, words: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Texts with a share of their tokens from `start` on replaced by random ones of a word list.

    words       Tokens to draw from, as often as they stand there: public text.

    >>> texts = np.zeros((2, 4), np.int64)
    >>> substituted(np.random.default_rng(0), texts, 2, 1.0, np.array([7])).tolist()
    [[0, 0, 7, 7], [0, 0, 7, 7]]
    """
    hit = rng.random(texts.shape) < share
    hit[:, :start] = False
    return np.where(hit, rng.choice(words, texts.shape), texts)


def _noised(rng: np.random.Generator, texts: NDArray[np.int64], share: float, blank: int) -> NDArray[np.int64]:
    return np.where(rng.random(texts.shape) < share, blank, texts)


def _pairs(plan: StudentPlan, tokens: NDArray[np.int64], share: float, seed: int) -> Iterator[Batch]:
    """Endless batches of a text with blanks, a blank, and the whole text, which alone is a target."""
    rng = np.random.default_rng(seed)
    length, blank = plan.length, plan.vocabulary_size
    weights = np.zeros((plan.batch, 2 * length + 1), np.float32)
    weights[:, length + 1 :] = 1.0
    while True:
        starts = rng.integers(0, len(tokens) - length + 1, plan.batch)
        whole = tokens[starts[:, None] + np.arange(length)]
        between = np.full((plan.batch, 1), blank)
        yield np.concatenate((_noised(rng, whole, share, blank), between, whole), axis=1), weights


def paraphraser(plan: StudentPlan, tokens: NDArray[np.int64], share: float, seed: int) -> Model:
    """A model trained to write a text again of which a share is blank: its own words stand where blanks were.

    Of the teacher's size and steps: what an attacker can train, who could nearly train the teacher.
    """
    like = plan.teacher
    shape = Shape(plan.vocabulary_size + 1, like.width, like.layers, like.heads, 2 * plan.length + 1)
    model = new(shape, seed, plan.device)
    train(model, _pairs(plan, tokens, share, seed), TrainingPlan(plan.teacher_steps, plan.rate))
    return model


def paraphrased(
    plan: StudentPlan, model: Model, texts: NDArray[np.int64], share: float, seed: int
) -> NDArray[np.int64]:
    """Texts written again by a paraphraser at temperature 1; the prompts stay as they were."""
    lib = torch()
    rng = np.random.default_rng(seed)
    source = lib.Generator(plan.device).manual_seed(seed)
    length, blank = plan.length, plan.vocabulary_size
    found = []
    for at in range(0, len(texts), 1000):
        some = texts[at : at + 1000]
        asked = np.concatenate((_noised(rng, some, share, blank), np.full((len(some), 1), blank)), axis=1)
        told = generate(
            [model],
            asked,
            2 * length + 1,
            lambda scores, _ids: lib.multinomial(lib.softmax(scores[0][:, :blank].float(), -1), 1, generator=source)[
                :, 0
            ],
        )
        found.append(np.concatenate((some[:, : plan.prompt], told[:, length + 1 + plan.prompt :]), axis=1))
    return np.concatenate(found)
