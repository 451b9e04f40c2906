"""Bands of MinHashes as text: what two parties compare when they compare similar texts by equal values."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.model.indicator import BAND_COUNT

__all__ = ["band_values"]

_DIGITS: Final = 8 * (SIGNATURE_LENGTH // BAND_COUNT)
"""Hexadecimal digits of a band."""


def band_values(minhashes: NDArray[np.uint32]) -> list[str]:
    """Eight values of kind BAND for each template, template after template.

    minhashes   uint32[n, 16], as a `SignatureBook` has them.
    Raises      InvalidInput for another shape or type.

    >>> band_values(np.arange(16, dtype=np.uint32)[None])[1]
    '1:0000000200000003'
    """
    if minhashes.dtype != np.uint32 or minhashes.ndim != 2 or minhashes.shape[1] != SIGNATURE_LENGTH:
        message = f"MinHashes must be uint32[n, {SIGNATURE_LENGTH}], got {minhashes.dtype}{list(minhashes.shape)}"
        raise InvalidInput(message)
    digits = np.ascontiguousarray(minhashes, ">u4").tobytes().hex()
    return [f"{i % BAND_COUNT}:{digits[_DIGITS * i : _DIGITS * (i + 1)]}" for i in range(BAND_COUNT * len(minhashes))]
