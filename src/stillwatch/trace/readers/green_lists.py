"""Green lists as transformers draws them: the front of ``torch.randperm(vocabulary)`` under a seed.

On a CPU torch's generator is a Mersenne twister, which is computed here without torch. On a GPU it is another one:
lists of text that was made there need torch and such a device.
References: transformers 5.24.0, WatermarkLogitsProcessor._get_greenlist_ids; PyTorch 2.14.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput, MissingData
from stillwatch.trace.readers import _kernels_twister as kernels

__all__ = ["PUBLISHED_KEY", "GreenLists"]

PUBLISHED_KEY = 15_485_863
"""transformers' default ``hashing_key``, the millionth prime."""


class GreenLists:
    """Which tokens are green under a seed.

    vocabulary  The model's ``vocab_size``.
    ratio       The configuration's ``greenlist_ratio``, in (0, 1).
    device      None computes a CPU's lists without torch; "cpu", "cuda" and so on ask torch (extra `models`).
    Raises      InvalidInput when no token or all would be green; MissingData when torch is asked for and absent.

    >>> GreenLists(1000).have(np.array([5, 5], np.uint64), np.array([0, 1])).tolist()
    [False, True]
    """

    def __init__(self, vocabulary: int, ratio: float = 0.25, device: str | None = None) -> None:
        green = int(vocabulary * ratio)
        if not 0 < green < vocabulary < 2**31:
            message = f"some of the vocabulary and not all of it must be green, got {ratio} of {vocabulary}"
            raise InvalidInput(message)
        self.vocabulary, self._green, self._device = vocabulary, green, device
        if device is not None:
            _torch()

    @property
    def chance(self) -> float:
        """Largest chance of a token to be green under a seed drawn by chance: word % n favours the front by 2^-32."""
        return self._green / self.vocabulary + self._green * 2.0**-32

    def have(self, seeds: NDArray[np.uint64], tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each token is green under the seed beside it; tokens outside the vocabulary are not."""
        order = np.argsort(seeds, kind="stable")
        sought = np.ascontiguousarray(tokens[order]), np.ascontiguousarray(seeds[order])
        found = np.empty(len(seeds), np.bool_)
        if self._device is None:
            found[order] = kernels.are_green(sought[1], sought[0], self.vocabulary, self._green)
        else:
            found[order] = np.fromiter(self._by_torch(sought[1], sought[0]), np.bool_, len(seeds))
        return found

    def shuffled(self, seed: int, size: int, first: int) -> NDArray[np.int64]:
        """The first places of ``torch.randperm(size)`` under a seed, or all there are.

        >>> sorted(GreenLists(1000).shuffled(1, 4, 4).tolist())
        [0, 1, 2, 3]
        """
        if self._device is None:
            return np.asarray(kernels.permutation(np.uint64(seed), size, min(first, size)), np.int64)
        torch = _torch()
        generator = torch.Generator(device=self._device).manual_seed(seed)
        drawn = torch.randperm(size, generator=generator, device=self._device)
        return np.asarray(drawn[:first].cpu().numpy(), np.int64)

    def _by_torch(self, seeds: NDArray[np.uint64], tokens: NDArray[np.int64]) -> Iterable[bool]:
        seed, green = -1, frozenset[int]()
        for of_token, token in zip(seeds.tolist(), tokens.tolist(), strict=True):
            if of_token != seed:
                seed, green = of_token, frozenset(self.shuffled(of_token, self.vocabulary, self._green).tolist())
            yield token in green


def _torch() -> Any:  # noqa: ANN401  an extra, which the core has no types of
    try:
        torch = import_module("torch")
    except ImportError as error:
        message = "green lists of a device need torch: install the extra stillwatch[models]"
        raise MissingData(message) from error
    return torch
