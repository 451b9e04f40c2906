"""What touched customers would have felt, hour by hour."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.figures import Felt
from stillwatch.act.preview.judge import ACTIONS, Judged

__all__ = ["felt_of"]

_HOUR_US: Final = 3_600_000_000
_PERCENTILES: Final = (50, 95)


def felt_of(judged: Judged) -> tuple[Felt, ...]:
    """All touched streams together, then by action, harshest first; nothing when nobody is touched."""
    touched = judged.is_touched
    if not touched.any():
        return ()
    actions = sorted(set(judged.action[touched].tolist()), reverse=True)
    each = (_felt(judged, touched & (judged.action == action), action) for action in actions)
    return _felt(judged, touched, None), *each


def _felt(judged: Judged, chosen: NDArray[np.bool_], action: int | None) -> Felt:
    seen = judged.seen.accused
    hour = seen["time_us"][chosen] // _HOUR_US
    stream = paired(seen["campaign"][chosen], seen["account"][chosen])
    _, inverse = np.unique(paired(stream, hour - hour.min()), return_inverse=True)
    refused = np.bincount(inverse, judged.refused[chosen])
    requests = np.bincount(inverse)
    return Felt(None if action is None else ACTIONS[action], len(requests), _ends(requests), _ends(refused))


def _ends(amounts: NDArray[Any]) -> tuple[float, float]:
    low, high = np.percentile(amounts, _PERCENTILES)
    return float(low), float(high)
