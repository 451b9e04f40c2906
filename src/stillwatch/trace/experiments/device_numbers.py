"""Marks made for a whole batch on torch's device: seeds on the CPU, numbers, raise and draw beside the logits.

The numbers are `mark.prf`'s to the bit: 64-bit words wrap in torch as they do in C.
"""

import numpy as np
from numpy.typing import NDArray

from stillwatch.trace.experiments.transformer import Tensor, torch
from stillwatch.trace.mark import _kernels_prf as kernels
from stillwatch.trace.mark.options import Scheme

__all__ = ["Marker", "numbers", "seeds"]


def seeds(words: NDArray[np.uint64], contexts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Seed of one context under one key for each row.

    words       Keys, shape (rows, 2) or (1, 2) for one key to all.
    contexts    Shape (rows, width).

    >>> from stillwatch.trace.mark.prf import seed
    >>> int(seeds(np.array([[1, 2]], np.uint64), np.array([[7, 8]]))[0]) == seed((1, 2), [7, 8])
    True
    """
    rows, width = contexts.shape
    flat = np.ascontiguousarray(contexts, np.int64).ravel()
    places = np.arange(width, (rows + 1) * width, width, dtype=np.int64)
    if len(words) == 1:
        return np.asarray(kernels.seeds_by_key(words, flat, places, width)[0], np.uint64)
    one_each = [kernels.seeds_by_key(words[i : i + 1], flat, places[i : i + 1], width)[0, 0] for i in range(rows)]
    return np.array(one_each, np.uint64)


def _signed(word: int) -> int:
    return word - 2**64 if word >= 2**63 else word


def _shifted(x: Tensor, by: int) -> Tensor:
    """Right shift of words without a sign; torch's keeps the sign."""
    return (x >> by) & ((1 << (64 - by)) - 1)


def numbers(of_seeds: NDArray[np.uint64], vocabulary_size: int, device: str) -> Tensor:
    """Numbers in (0, 1) of every token after each seed, float64, shape (seeds, vocabulary): `prf.uniforms_from`."""
    lib = torch()
    start = lib.from_numpy(of_seeds.view(np.int64)).to(device)[:, None]
    steps = lib.arange(1, vocabulary_size + 1, device=device)[None] * _signed(int(kernels.GOLDEN))
    x = start + steps
    x = (x ^ _shifted(x, 30)) * _signed(0xBF58476D1CE4E5B9)
    x = (x ^ _shifted(x, 27)) * _signed(0x94D049BB133111EB)
    x = x ^ _shifted(x, 31)
    return (_shifted(x, 12).double() + 0.5) * 2.0**-52


class Marker:
    """Draws the next token of each row with both layers: green list raised first, then the account's draw.

    campaign    Key of the green list, as words; None leaves it out.
    accounts    Keys of the rows' accounts, shape (rows, 2); None draws ordinarily.
    seed        Of ordinary draws, which are made where an account's context stood in the request before.
    """

    def __init__(
        self,
        scheme: Scheme,
        campaign: tuple[int, int] | None,
        accounts: NDArray[np.uint64] | None,
        seed: int,
        device: str = "cpu",
    ) -> None:
        self._scheme, self._accounts, self._device = scheme, accounts, device
        self._campaign = None if campaign is None else np.array([campaign], np.uint64)
        self._source = torch().Generator(device).manual_seed(seed)
        self._seen: list[set[bytes]] = [] if accounts is None else [set() for _ in accounts]

    def __call__(self, scores: Tensor, ids: Tensor) -> Tensor:
        """Next ids of all rows, from logits (rows, vocabulary) and the ids so far (rows, length)."""
        lib = torch()
        scheme = self._scheme
        last = ids[:, -max(scheme.account_width, scheme.campaign_width) :].cpu().numpy()
        if self._campaign is not None:
            of_context = seeds(self._campaign, last[:, -scheme.campaign_width :])
            green = numbers(of_context, scores.shape[1], self._device) < scheme.gamma
            scores = scores.double() + scheme.delta * green
        chances = lib.softmax(scores.double(), -1)
        drawn = lib.multinomial(chances, 1, generator=self._source)[:, 0]
        if self._accounts is None:
            return drawn
        contexts = last[:, -scheme.account_width :]
        chosen = (-lib.log(numbers(seeds(self._accounts, contexts), scores.shape[1], self._device)) / chances).argmin(
            -1
        )
        return lib.where(lib.as_tensor(self._fresh(contexts)).to(self._device), chosen, drawn)

    def _fresh(self, contexts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows meet their context for the first time in this request."""
        fresh = np.empty(len(contexts), np.bool_)
        for i, (seen, context) in enumerate(zip(self._seen, contexts, strict=True)):
            key = context.tobytes()
            fresh[i] = key not in seen
            seen.add(key)
        return fresh
