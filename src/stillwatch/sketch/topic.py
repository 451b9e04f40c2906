"""How much a word tells about the subject of a prompt."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["topic_weights"]

MAX_WEIGHT, COMMON_BITS, FEW_PROMPTS = 10, 1, 512


def topic_weights(n_prompts: int) -> NDArray[np.int32]:
    """Weight of a word by the place of the highest bit of its count: bits of rarity, less one, at most ten.

    A word that every second prompt holds weighs nothing, so that prompts on different subjects have a mean cosine near
    zero. With fewer than 512 prompts there is too little to tell, and every word weighs at least one.

    >>> topic_weights(1 << 20)[[0, 10, 18, 19, 20]].tolist()
    [10, 9, 1, 0, 0]
    """
    rarity = n_prompts.bit_length() - 1 - COMMON_BITS - np.arange(64)
    return np.clip(rarity, 0 if n_prompts >= FEW_PROMPTS else 1, MAX_WEIGHT).astype(np.int32)
