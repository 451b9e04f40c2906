"""Family ids: the view's number in the top three bits, its key below."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.views._kernels_mixing import ids_of

__all__ = ["TEMPLATE_NUMBER", "family_ids", "view_number"]

TEMPLATE_NUMBER: Final = 0
_SHIFT: Final = np.uint64(61)
_MASK: Final = np.uint64((1 << 61) - 1)


def family_ids(number: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Ids of the families of one view; 0 where the key is 0.

    >>> [hex(int(i)) for i in family_ids(1, np.array([0, 6], np.uint64))]
    ['0x0', '0x2000000000000007']
    """
    return np.asarray(ids_of(np.ascontiguousarray(keys), _MASK, np.uint64(number) << _SHIFT | np.uint64(1)), np.uint64)


def view_number(family: int) -> int:
    """Number of the view that a family id comes from.

    >>> view_number(0x2000000000000007)
    1
    """
    return family >> int(_SHIFT)
