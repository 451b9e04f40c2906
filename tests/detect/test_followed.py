"""Which conversations went on, whoever sent the next turn."""

import numpy as np
import pyarrow as pa

from stillwatch.detect.measure import followed
from stillwatch.engine import LocalEngine

SCHEMA = pa.schema([("conversation", pa.uint64()), ("head", pa.bool_())])


def _followed(turns: list[tuple[int, bool]]) -> list[int]:
    """Conversations that go on, of turns given as conversation and whether it is the first."""
    conversation, head = zip(*turns, strict=True)
    batch = pa.record_batch([pa.array(conversation, pa.uint64()), pa.array(head)], schema=SCHEMA)
    with LocalEngine() as engine:
        found = followed(engine, engine.dataset([batch.slice(0, 3), batch.slice(3)], SCHEMA))
    assert (np.diff(found.astype(np.float64)) > 0).all()
    return [int(conversation) for conversation in found]


def test_a_conversation_with_a_later_turn_goes_on() -> None:
    """In whatever order the turns come, across batches, and also when its first turn was before the window."""
    assert _followed([(9, False), (5, True), (7, True), (9, True), (8, False)]) == [8, 9]


def test_unknown_conversations_do_not_go_on() -> None:
    """0 is no conversation."""
    assert _followed([(0, True), (0, False), (0, False), (4, True)]) == []


def test_one_id_for_everything_goes_on_only_as_often_as_it_is_followed() -> None:
    """A later turn under an id that many conversations share does not make conversations of all of them."""
    assert _followed([(3, True)] * 9 + [(3, False)]) == []
    assert _followed([(3, True)] * 9 + [(3, False)] * 9) == [3]
