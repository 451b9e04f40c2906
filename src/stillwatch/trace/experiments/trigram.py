"""A teacher or student that is a table: which token follows two others, smoothed by which follows one and none.

It needs numpy alone, so that the experiments run in seconds wherever the core does.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.trace.experiments.exam import Answers
from stillwatch.trace.mark import green, gumbel, prf
from stillwatch.trace.mark.options import Scheme

__all__ = ["Trigram"]


class Trigram:
    """Counts of a text, as probabilities.

    tokens          The text, ids below the vocabulary's size; 3 or more.
    smoothing       Occurrences that each shorter context counts as, above 0.
    Raises          InvalidInput for a text too short or a smoothing that is none.

    >>> model = Trigram(np.array([0, 1, 2, 0, 1, 2, 0, 1]), 3, smoothing=0.01)
    >>> int(model.probabilities(0, 1).argmax()), round(float(model.probabilities(0, 1).sum()), 6)
    (2, 1.0)
    """

    def __init__(self, tokens: NDArray[np.int64], vocabulary_size: int, smoothing: float = 4.0) -> None:
        if len(tokens) < 3 or smoothing <= 0:
            message = f"a trigram table needs 3 tokens and a smoothing above 0, got {len(tokens)} and {smoothing}"
            raise InvalidInput(message)
        self.vocabulary_size, self._smoothing = vocabulary_size, smoothing
        alone = np.bincount(tokens, minlength=vocabulary_size) + 1.0 / vocabulary_size
        self._alone = alone / alone.sum()
        self._by_context = [_sorted(tokens, width, vocabulary_size) for width in (1, 2)]

    def probabilities(self, before: int, last: int) -> NDArray[np.float64]:
        """Of every token after two, shape (vocabulary,), sum 1."""
        found = self._alone
        for (contexts, followers), context in zip(
            self._by_context, (last, before * self.vocabulary_size + last), strict=True
        ):
            low, high = np.searchsorted(contexts, [context, context + 1])
            counts = np.bincount(followers[low:high], minlength=self.vocabulary_size)
            found = (counts + self._smoothing * found) / (high - low + self._smoothing)
        return np.asarray(found, np.float64)

    def text(
        self,
        rng: np.random.Generator,
        start: NDArray[np.int64],
        count: int,
        scheme: Scheme | None = None,
        campaign: tuple[int, int] | None = None,
        account: tuple[int, int] | None = None,
    ) -> NDArray[np.int64]:
        """A start and so many tokens more, with the layers whose keys are given.

        campaign, account   Words of keys; None leaves a layer out. A context that the request met before is drawn
                            ordinarily.
        """
        scheme = scheme or Scheme()
        ids = start.tolist()
        seen: set[tuple[int, ...]] = set()
        for _ in range(count):
            chances = self.probabilities(ids[-2], ids[-1])
            if campaign is not None:
                numbers = prf.uniforms(campaign, ids[-scheme.campaign_width :], self.vocabulary_size)
                chances = np.exp(green.raised(np.log(chances), numbers, scheme.gamma, scheme.delta))
                chances /= chances.sum()
            context = tuple(ids[-scheme.account_width :])
            if account is not None and context not in seen:
                ids.append(gumbel.draw(chances, prf.uniforms(account, context, self.vocabulary_size)))
            else:
                ids.append(int(rng.choice(self.vocabulary_size, p=chances)))
            seen.add(context)
        return np.array(ids, np.int64)

    def answers(self, rng: np.random.Generator, text: NDArray[np.int64], at: NDArray[np.int64]) -> Answers:
        """What the table says at places of a text: an exam's answers."""
        told = np.array([self.probabilities(int(text[i - 2]), int(text[i - 1])) for i in at])
        told = told.reshape(len(at), self.vocabulary_size)
        drawn = np.array([rng.choice(self.vocabulary_size, p=row) for row in told], np.int64)
        return Answers(np.tile(np.arange(self.vocabulary_size), (len(at), 1)), told, drawn)


def _sorted(tokens: NDArray[np.int64], width: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Contexts of a width as one number each, in order, and what followed them."""
    contexts = tokens[width - 1 : -1].astype(np.int64)
    if width == 2:
        contexts = contexts + tokens[:-2] * size
    order = np.argsort(contexts, kind="stable")
    return contexts[order], tokens[width:][order]
