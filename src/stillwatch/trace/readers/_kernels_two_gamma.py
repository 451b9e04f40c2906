"""Series of a weighted sum of two Gamma variables, compiled; its oracles: `tests/trace/readers/test_tails.py`."""

from math import exp, log, log1p

from numba import njit

__all__ = ["log_series"]

_NEGLIGIBLE = -36.0
"""Natural log of the share of the sum that the rest may add; it is added all the same."""


@njit(nogil=True, cache=True, _nrt=False)  # type: ignore[untyped-decorator]  # numba publishes no types
def _log_sum(a: float, b: float) -> float:
    return a + log1p(exp(b - a)) if a >= b else b + log1p(exp(a - b))


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def log_series(count: int, y: float, share: float, log_tail: float, log_term: float) -> float:
    """Log of sum over k of NegativeBinomial(k; count, share) Q(2 count + k, y), and of the rest that is left out.

    log_tail    ln Q(2 count, y).
    log_term    ln y^(2 count) exp(-y) / (2 count)!.
    """
    log_y, log_rest = log(y), log1p(-share)
    log_mass = count * log(share)
    total = log_mass + log_tail
    k = 0
    while True:
        log_tail = min(_log_sum(log_tail, log_term), 0.0)
        k += 1
        log_mass += log_rest + log((count + k - 1) / k)
        log_term += log_y - log(2 * count + k)
        total = _log_sum(total, log_mass + log_tail)
        ratio = (1.0 - share) * (count + k) / (k + 1)
        if ratio < 1.0:
            rest = log_mass + log(ratio) - log1p(-ratio)
            if rest < total + _NEGLIGIBLE:
                return float(min(_log_sum(total, rest), 0.0))
