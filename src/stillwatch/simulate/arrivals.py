"""When programs act: bursty arrivals with the rhythm of real clients, and the pace of a job list."""

import numpy as np

from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.corpora import Corpora

__all__ = ["bursts", "client_sizes", "job_times", "real_rhythm"]

_WINDOW_S = 600.0
_WEEKS_2_S = 1_209_600.0


def client_sizes(rng: np.random.Generator, n: int, corpora: Corpora | None) -> tuple[IntArray, FloatArray]:
    """Real clients that `n` customers behave like, and how much each sends compared with the others.

    Heavy clients differ by orders of magnitude; what one sends is tempered to its square root, because a run has
    thousands of times fewer exchanges than the traces and would have no other customers beside the biggest.
    """
    if corpora is None or not corpora.clients:
        return np.full(n, -1), rng.lognormal(0.0, 0.7, n)
    volume = np.array([rate.sum() for _, rate, _ in corpora.clients])
    chosen = rng.integers(len(volume), size=n)
    return chosen, np.sqrt(volume[chosen])


def real_rhythm(
    rng: np.random.Generator, days: float, corpora: Corpora | None, client: int = -1
) -> tuple[FloatArray, FloatArray]:
    """Rate and gap variation of one heavy client in each 10-minute window; -1 takes any.

    Without corpora: a daily cycle with autocorrelated noise, and gaps with a median coefficient of variation of 1.3
    and a 90 % quantile of 5, the figures of the public ServeGen traces.

    References    Xiang et al. (2025), ServeGen: workload characterization and generation of LLM serving in production.
    """
    n = max(1, int(days * 86_400 / _WINDOW_S))
    if corpora is not None and corpora.clients:
        any_ = int(rng.integers(len(corpora.clients)))
        start_s, rate, cv = corpora.clients[any_ if client < 0 else client]
        slot = np.minimum((start_s / _WINDOW_S).astype(np.int64), int(_WEEKS_2_S / _WINDOW_S) - 1)
        rates, cvs = np.zeros(int(_WEEKS_2_S / _WINDOW_S)), np.full(int(_WEEKS_2_S / _WINDOW_S), np.median(cv))
        rates[slot], cvs[slot] = rate, cv
        # either week may be the first; a client that was silent in one is taken from the other
        week = int(rng.integers(2))
        for first in (week * 1008, (1 - week) * 1008):
            windows = (np.arange(n) + first) % len(rates)
            if rates[windows].sum() > 0:
                return rates[windows], np.clip(cvs[windows], 0.1, 12.0)
    hours = np.arange(n) * _WINDOW_S / 3600.0
    depth, phase = rng.beta(1.5, 2.0), rng.uniform(0.0, 24.0)
    daily = 1.0 + depth * np.cos((hours - phase) * 2 * np.pi / 24.0)
    noise = np.repeat(rng.normal(0.0, rng.uniform(0.1, 1.0), n // 6 + 1), 6)[:n]
    silent = np.repeat(rng.random(n // 18 + 1) < rng.beta(0.7, 2.0), 18)[:n]
    rates = daily * np.exp(noise) * np.where(silent, 0.01, 1.0)
    return rates, np.clip(1.3 * rng.lognormal(0.0, 0.9, n), 0.1, 12.0)


def bursts(rng: np.random.Generator, n: int, rates: FloatArray, cvs: FloatArray) -> FloatArray:
    """Times of `n` requests, seconds, in order: gamma gaps inside windows whose counts follow the rates."""
    counts = rng.multinomial(n, rates / rates.sum())
    window = np.repeat(np.arange(len(counts)), counts)
    shape = 1.0 / np.maximum(cvs, 0.1) ** 2
    gaps = rng.gamma(shape[window], 1.0) + 1e-12
    total = np.bincount(window, gaps, len(counts)) + rng.gamma(shape, 1.0)
    walked = np.cumsum(gaps)
    before = np.cumsum(np.bincount(window, gaps, len(counts))) - np.bincount(window, gaps, len(counts))
    share = np.clip((walked - before[window]) / total[window], 0.0, 1.0 - 1e-9)
    return (window + share) * _WINDOW_S


def job_times(rng: np.random.Generator, n: int, start_day: float, end_day: float, depth: float) -> FloatArray:
    """Times at which a list of `n` jobs is worked off, seconds, in order.

    depth    0 runs round the clock, 1 keeps one operator's hours.
    """
    windows = max(1, int((end_day - start_day) * 144))
    hours = start_day * 24.0 + np.arange(windows) / 6.0
    daily = 1.0 + depth * np.cos((hours - rng.uniform(0.0, 24.0)) * 2 * np.pi / 24.0)
    block = int(rng.integers(6, 40))
    level = np.repeat(rng.lognormal(0.0, 0.6, windows // block + 1), block)[:windows]
    pause = np.repeat(rng.random(windows // block + 1) < 0.12, block)[:windows]
    rates = daily * level * np.where(pause, 0.02, 1.0) + 1e-6
    times = start_day * 86_400.0 + bursts(rng, n, rates, np.full(windows, rng.uniform(0.8, 2.5)))
    return np.minimum(times, end_day * 86_400.0 - 1e-3)
