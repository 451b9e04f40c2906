"""What the kernels compute, in a few lines each; property tests compare them."""

from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "centred_moments",
    "chosen_sketches",
    "closest",
    "hour_vectors",
    "jackknifed",
    "neighbours",
    "session_gaps",
    "signs",
]


def signs(topic: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Sketches as rows of +-1, lowest bit first. Shape (n, 64).

    >>> signs(np.array([5], np.uint64))[0, :4].tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    bits = (topic[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    return 2.0 * bits.astype(np.float64) - 1.0


def hour_vectors(time_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """(cos, sin) of one and of two cycles a day. Shape (n, 4)."""
    angle = 2 * np.pi * (time_us % 86_400_000_000) / 86_400_000_000
    return np.column_stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def centred_moments(
    vectors: NDArray[np.float64], group: NDArray[np.int32], n_groups: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], float, float]:
    """Twin of `bit_moments` and `hour_moments`; every pair is read."""
    centred = vectors - vectors.mean(axis=0)
    member = (group[:, None] == np.arange(n_groups)).astype(np.float64)
    squares = (centred**2).sum(axis=1)
    products = centred @ centred.T
    others = ~np.eye(len(group), dtype=np.bool_)
    joint = ((member.T @ centred) ** 2).sum(axis=1)
    counts = np.bincount(group, minlength=n_groups)
    return counts, joint, member.T @ squares, float(squares.mean()), float((products[others] ** 2).mean())


def neighbours(
    topic: NDArray[np.uint64], time_us: NDArray[np.int64], within_us: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Twin of the pairs of `neighbours`."""
    centred = signs(topic) - signs(topic).mean(axis=0)
    alike = (signs(topic)[1:] * signs(topic)[:-1]).sum(axis=1) >= 48
    rows = np.flatnonzero((np.diff(time_us) < within_us) & ~alike)
    return rows, (centred[rows] * centred[rows + 1]).sum(axis=1)


def session_gaps(
    time_us: NDArray[np.int64], account: NDArray[np.int32], n_accounts: int, gap_us: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Twin of `session_gaps`: the gap after a row is short unless none of the rows in its window is the account's."""
    n = len(time_us)
    counts = np.bincount(account, minlength=n_accounts)
    short = [int((np.diff(time_us[account == a]) < gap_us).sum()) for a in range(n_accounts)]
    windows = [int(((time_us[i + 1 :] - time_us[i]) < gap_us).sum()) for i in range(n)]
    expected = [
        m / n * sum(1 - comb(n - 1 - size, m - 1) / comb(n - 1, m - 1) for size in windows) if m > 1 else 0.0
        for m in counts.tolist()
    ]
    return counts, np.array(short, np.int64), np.array(expected)


def closest(topic: NDArray[np.uint64], owner: list[int], n_queries: int) -> tuple[list[list[float]], ...]:
    """Twin of `closest`; owners are 0, 1, ..., and their rows stand together."""
    n_owners = owner[-1] + 1
    agreed = signs(topic) @ signs(topic).T
    rows = [[i for i, o in enumerate(owner) if o == a] for a in range(n_owners)]
    closer, by_chance, asked = ([[0.0] * n_owners for _ in range(n_owners)] for _ in range(3))
    for a in range(n_owners):
        for query in rows[a][:n_queries]:
            own = [agreed[query, i] for i in rows[a] if i != query]
            for b in range(n_owners):
                if b != a:
                    others = [agreed[query, i] for i in rows[b]]
                    best = max(own + others)
                    closer[a][b] += others.count(best) / (own + others).count(best)
                    by_chance[a][b] += len(others) / len(own + others)
                    asked[a][b] += 1
    return closer, by_chance, asked


def chosen_sketches(
    topic: NDArray[np.uint64],
    place: NDArray[np.uint64],
    owner: NDArray[np.int32],
    owner_place: NDArray[np.uint64],
    most: tuple[int, int],
) -> list[list[int]]:
    """Twin of `chosen_sketches`: the sketches of each owner chosen."""
    several = [a for a in range(len(owner_place)) if (owner == a).sum() >= 2]
    chosen = sorted(sorted(several, key=lambda a: int(owner_place[a]))[: most[0]])
    order = np.argsort(place, kind="stable")
    return [topic[order][owner[order] == a][: most[1]].tolist() for a in chosen]


def jackknifed(
    closer: NDArray[np.float64], by_chance: NDArray[np.float64], asked: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Twin of `jackknifed`."""

    def share(kept: list[int]) -> float:
        at = np.ix_(kept, kept)
        return float((closer - by_chance)[at].sum() / (asked - by_chance)[at].sum())

    n = len(asked)
    left_out = [share([b for b in range(n) if b != a]) for a in range(n)]
    return share(list(range(n))), (n - 1) * float(np.var(left_out)), float(asked.sum()) / (n - 1)
