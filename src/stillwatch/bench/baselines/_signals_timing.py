"""Signals of a fusion on rates, rhythm and request parameters. Limits and scores are Glasswally's."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.bench.baselines._columns import distinct_pairs
from stillwatch.bench.baselines._signals import Floats, Windows, effective, steps

__all__ = ["session_gap", "timing_cluster", "token_budget", "velocity"]

_SESSION_S: Final = 120.0
_BURST: Final = 5
_STRONG_BURST: Final = 12
_LOOK_BACK_S: Final = 300
_MAXIMA: Final = np.array([1024, 2048, 4096, 8192, 16384, 32768, 65536, 128_000, 200_000], np.float64)


def velocity(windows: Windows, input_tokens: Floats) -> Floats:
    """Rate, regular gaps and uniform lengths, in windows of at least five exchanges.

    The rule on the hours 0 to 6 UTC is left out: it stands for a country's office hours.
    """
    gaps = windows.gap_s
    span_s = np.maximum(windows.sums(gaps), 1.0)
    rate = np.where(windows.n >= 2, windows.n / span_s * 3600, 0.0)
    gaps[gaps <= 0] = np.nan
    regular = np.where(windows.sums(np.isfinite(gaps)) >= 3, 1 - windows.spread(gaps), 0.0)
    score = steps(rate, (200, 0.45), (60, 0.25)) + steps(regular, (0.7, 0.30), (0.5, 0.15))
    score += steps(windows.spread(input_tokens[windows.order]), (0.15, 0.15), below=True)
    sure = np.minimum(windows.n / 50, 1.0)
    score = np.where(windows.n >= 5, score * (0.5 + 0.5 * sure), 0.0)
    return windows.worst(effective(score, sure))


def session_gap(windows: Windows) -> Floats:
    """Pauses between sessions that are nearly equal, as a job scheduler makes them; two minutes end a session."""
    pause = windows.gap_s
    pause[~(pause >= _SESSION_S)] = np.nan
    n_sessions = windows.sums(np.isfinite(pause)) + 1
    spread = windows.spread(pause)
    sizes = _session_sizes(windows, pause)
    score = steps(spread, (0.05, 0.55), (0.08, 0.40), (0.15, 0.20), below=True)
    score += np.where((sizes < 0.10) & (spread < 0.15), 0.25, 0.0) + steps(n_sessions, (21, 0.10))
    sure = np.select([spread < 0.05, spread < 0.08], [0.88, 0.75], 0.55)
    judged = (windows.n >= 8) & (n_sessions >= 4) & (score >= 0.15)
    return windows.worst(effective(np.where(judged, score, 0.0), sure))


def _session_sizes(windows: Windows, pause: Floats) -> Floats:
    """Standard deviation over mean of the exchanges of a window's sessions."""
    begins = np.isfinite(pause)
    begins[windows.first] = True
    at = np.flatnonzero(begins)
    size = np.full(len(pause), np.nan)
    size[at] = np.diff(np.append(at, len(pause)))
    return windows.spread(size)


def token_budget(windows: Windows, max_tokens: Floats) -> Floats:
    """Answers asked for at full length, in windows of six limits or more; a sweep of limits is one more rule."""
    asked = max_tokens[windows.order]
    known = np.isfinite(asked)
    nearest = _MAXIMA[np.abs(np.nan_to_num(asked)[:, None] - _MAXIMA).argmin(axis=1)]
    n = windows.sums(known)
    greedy = windows.sums(known & (asked >= 0.9 * nearest)) / np.maximum(n, 1)
    high = windows.sums(known & (asked > 2000)) / np.maximum(n, 1) > 0.5
    sweep = _sweeps(windows, asked)
    score = steps(greedy, (0.7, 0.30)) + sweep + 0.10 * high
    several = (greedy >= 0.7).astype(int) + (sweep > 0) + high >= 2
    judged = (n >= 6) & (score >= 0.20)
    return windows.worst(effective(np.where(judged, score, 0.0), np.where(several, 0.82, 0.60)))


def _sweeps(windows: Windows, asked: Floats) -> Floats:
    """0.45 where the distinct limits of a window grow by a steady factor, 0.35 where by a steady step."""
    known = np.isfinite(asked)
    window, value, _ = distinct_pairs(windows.window[known], asked[known].astype(np.int64))
    n_values = np.bincount(window, minlength=len(windows.n))
    found = np.zeros(len(windows.n))
    starts = np.cumsum(n_values) - n_values
    for at in np.flatnonzero(n_values >= 4):
        values = value[starts[at] : starts[at] + n_values[at]].astype(np.float64)
        ratios, differences = values[1:] / np.maximum(values[:-1], 1), np.diff(values)
        if ratios.mean() >= 1.5 and ratios.std() < 0.25 * ratios.mean():
            found[at] = 0.45
        elif differences.std() < 0.20 * differences.mean():
            found[at] = 0.35
    return found


def timing_cluster(account: NDArray[np.int64], time_us: NDArray[np.int64], n_accounts: int) -> Floats:
    """Seconds in which five accounts or more sent something, and such seconds again and again."""
    second = time_us // 1_000_000
    begin = int(second.min(initial=0))
    slot, who, _ = distinct_pairs(second - begin, account)
    busy, n_at = np.unique(slot, return_counts=True)
    burst = n_at >= _BURST
    at, n_in = busy[burst], n_at[burst].astype(np.float64)
    score = np.minimum((n_in - _BURST) / (_STRONG_BURST - _BURST), 1.0) * 0.5 + _cadence(at)
    found = np.zeros(n_accounts)
    in_burst = np.isin(slot, at)
    value = effective(score, np.minimum(n_in / _STRONG_BURST, 1.0))
    np.maximum.at(found, who[in_burst], value[np.searchsorted(at, slot[in_burst])])
    return found


def _cadence(at: NDArray[np.int64]) -> Floats:
    """Score of earlier bursts within five minutes: 0.3 for three or more, more when they come by the clock."""
    first = np.searchsorted(at, at - _LOOK_BACK_S)
    n_before = np.arange(len(at)) - first
    gap = np.diff(at, prepend=at[:1]).astype(np.float64)
    one, two = np.append(0.0, np.cumsum(gap)), np.append(0.0, np.cumsum(gap**2))
    # gaps between the bursts before this one, itself left out
    here = np.arange(len(at))
    n_gaps = np.maximum(n_before - 1, 1)
    mean = (one[here] - one[np.minimum(first + 1, here)]) / n_gaps
    variance = np.maximum((two[here] - two[np.minimum(first + 1, here)]) / n_gaps - mean**2, 0)
    spread = np.where(mean > 1, np.sqrt(variance) / np.maximum(mean, 1), 1.0)
    return np.where(n_before >= 3, 0.30 + steps(spread, (0.15, 0.20), (0.35, 0.10), below=True), 0.0)
