"""Exchanges of campaigns: what an accused opening question leads to belongs to it, and nothing else does."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accused import ACCUSED, whole_conversations

ACCUSER = np.uint64(77)


def logs(rows: list[tuple[int, int, int, bool]]) -> dict[str, NDArray[Any]]:
    """Fingerprints of exchanges: hash, account, conversation, whether it opens one; all else is zero."""
    known = dict(zip(("exchange", "account", "conversation", "head"), zip(*rows, strict=True), strict=True))
    names = {f.name: f.type.to_pandas_dtype() for f in ACCUSED} | {"head": np.bool_}
    return {name: np.array(known.get(name, (0,) * len(rows)), kind) for name, kind in names.items()}


def accused(found: dict[str, NDArray[Any]], campaigns: dict[int, int]) -> pa.Table:
    """Table ACCUSED of some exchanges with their campaigns, in the order given; each campaign has its family."""
    at = [found["exchange"].tolist().index(exchange) for exchange in campaigns]
    campaign = np.array(list(campaigns.values()), np.int32)
    columns = {name: found[name][at] for name in ACCUSED.names}
    columns |= {"campaign": campaign, "family": campaign.astype(np.uint64) + ACCUSER}
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in ACCUSED})


def kept(found: dict[str, NDArray[Any]], campaigns: dict[int, int]) -> list[tuple[int, int]]:
    """Exchange and campaign of what is kept, in the order of the logs; the family is checked on the way."""
    batch = whole_conversations(accused(found, campaigns))(found)
    assert batch.schema == ACCUSED
    rows = batch.to_pylist()
    assert all(row["family"] == row["campaign"] + int(ACCUSER) for row in rows)
    return [(row["exchange"], row["campaign"]) for row in rows]


def test_later_turns_follow_their_opening() -> None:
    """They come in with its campaign and family, where the logs have them, even when the logs have them first."""
    found = logs([(3, 1, 50, False), (1, 1, 50, True), (2, 1, 50, False), (9, 1, 60, True), (8, 1, 60, False)])
    assert kept(found, {1: 4}) == [(3, 4), (1, 4), (2, 4)]


def test_an_accused_turn_keeps_its_own_campaign() -> None:
    """A turn that another campaign claims by itself stays there; each exchange is kept once."""
    found = logs([(1, 1, 50, True), (2, 1, 50, False), (3, 1, 50, False)])
    assert kept(found, {2: 7, 1: 4})[:2] == [(1, 4), (2, 7)]
    assert [exchange for exchange, _ in kept(found, {2: 7, 1: 4})] == [1, 2, 3]


def test_openings_of_others_are_left_alone() -> None:
    """Another opening under the same id, another account's conversation of that id, and unknown ids do not follow."""
    found = logs([(1, 1, 50, True), (2, 1, 50, True), (3, 2, 50, False), (4, 1, 0, True), (5, 1, 0, False)])
    assert kept(found, {1: 0, 4: 0}) == [(1, 0), (4, 0)]


def test_logs_without_the_accused_keep_nothing() -> None:
    """Another batch of the same logs has no part in it, whatever conversations it holds."""
    found = logs([(1, 1, 50, True), (2, 1, 50, False)])
    other = logs([(3, 1, 51, True), (4, 1, 51, False), (5, 2, 50, False), (6, 1, 0, False)])
    assert whole_conversations(accused(found, {1: 4}))(other).num_rows == 0
