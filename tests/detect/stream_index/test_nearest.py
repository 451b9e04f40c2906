"""The leader that is found by pairs of MinHashes is the one that comparing all would find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.sketch.templates import Templates

NEEDED = 10
NONE = Templates(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


def twin(wanted: NDArray[np.uint32], nearest: Nearest, signature: int) -> int:
    """Compare with every leader; the first of the best, where it is near enough."""
    agreeing = [int((row == wanted).sum()) for row in nearest.minhashes]
    best = max(range(len(agreeing)), key=lambda i: (agreeing[i], -i), default=None)
    return signature if best is None or agreeing[best] < NEEDED else int(nearest.leader[best])


@given(seed=st.integers(0, 2**32), n=st.integers(0, 12), changes=st.integers(0, SIGNATURE_LENGTH))
def test_it_is_the_nearest(seed: int, n: int, changes: int) -> None:
    """Whatever the leaders, few values and so many ties, and whatever lanes differ."""
    rng = np.random.default_rng(seed)
    minhashes = rng.integers(0, 3, (n, SIGNATURE_LENGTH)).astype(np.uint32)
    leader = np.sort(rng.choice(1_000, n, replace=False)).astype(np.uint64) + np.uint64(1)
    nearest = Nearest(NONE, leader, minhashes)
    wanted = minhashes[rng.integers(n)].copy() if n else np.zeros(SIGNATURE_LENGTH, np.uint32)
    wanted[rng.choice(SIGNATURE_LENGTH, changes, replace=False)] = 7
    assert int(nearest.of_unknown(wanted, np.uint64(5_000))) == twin(wanted, nearest, 5_000)


def test_known_segments_keep_their_template() -> None:
    """Signatures of a prompt are replaced in place: known ones by name, others by likeness; no segment has none."""
    leader, minhashes = np.array([3], np.uint64), np.arange(SIGNATURE_LENGTH, dtype=np.uint32)[None]
    nearest = Nearest(Templates(np.array([3, 8], np.uint64), np.array([3, 3], np.uint64)), leader, minhashes)
    near, far = minhashes[0].copy(), minhashes[0] + np.uint32(1)
    near[:6] = 99
    found = np.array([8, 20, 21, 0], np.uint64)
    nearest.replace(found, (np.array([20, 21], np.uint64), np.stack([near, far])))
    assert found.tolist() == [3, 3, 21, 0]
