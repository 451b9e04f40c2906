"""SEAT: accounts whose queries come in pairs that are nearly the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._account_text import AccountText
from stillwatch.bench.baselines._kernels_near import near_pairs
from stillwatch.bench.baselines._tf_idf import N_COLUMNS
from stillwatch.bench.baselines._windows import Memory
from stillwatch.model.baseline import Setting, Traffic

__all__ = ["Seat"]

_PAIRS, _SHARE = 0, 1
_COSINES: Final = (0.9, 0.8, 0.7, 0.95)


class Seat:
    """Pairs of an account's queries that an encoder puts close together.

    The paper trains an image encoder so that a picture and its adversarial perturbation lie close (contrastive loss
    over pairs made by projected gradient descent). There is no such perturbation of a prompt; TF-IDF over hashed
    words stands for the encoder: it puts together prompts that differ in a few words, which is what queries made
    from one seed or one template do. The number of pairs an account may have is what the scoreboard tunes.
    """

    name = "seat"
    title = "pairs of nearly equal prompts of one account"
    source = "Zhang, Chen and Wagner (2021), AISec, 37-48, doi:10.1145/3474369.3486863"

    def __init__(self) -> None:
        self._memory = Memory()

    def settings(self) -> tuple[Setting, ...]:
        """Cosine from which two prompts are a pair; pairs counted (0), or prompts with an earlier twin as a share (1).

        The paper counts; where accounts send unequally many prompts, a share may be the fairer reading.
        """
        return tuple({"cosine": cosine, "count": count} for count in (_PAIRS, _SHARE) for cosine in _COSINES)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Pairs, or share of prompts with an earlier one as near; -inf for accounts of fewer than two prompts."""
        found, n_texts = self._memory.recall(traffic, "found", lambda: _found(traffic))
        n_pairs, n_matched = found[:, _COSINES.index(setting["cosine"])].astype(np.float64).T
        scores = n_pairs if setting["count"] == _PAIRS else n_matched / np.maximum(n_texts - 1, 1)
        return np.where(n_texts >= 2, scores, -np.inf)


def _found(traffic: Traffic) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs and matched prompts by account and cosine, shape (accounts, cosines, 2), and prompts of each account."""
    text = AccountText(traffic)
    cosines = np.array(_COSINES)
    return text.map(lambda rows, bounds: near_pairs(rows, bounds, N_COLUMNS, cosines)), text.windows.n_texts
