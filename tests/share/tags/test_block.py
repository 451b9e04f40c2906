"""Blocks of tags: from outputs of the function, and nothing that is no tag."""

import numpy as np
import pytest

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.tags import TagBlock

TLS = SignalKind.TLS


def test_tags_come_out_as_indicators_carry_them() -> None:
    """The first half of each output, 64 digits, in order and with repeats."""
    block = TagBlock.of_outputs(TLS, 7, [b"\1" * 32 + b"\2" * 32, b"\xab" * 64, b"\1" * 64])
    assert block.tags() == (Tag(TLS, 7, "01" * 32), Tag(TLS, 7, "ab" * 32), Tag(TLS, 7, "01" * 32))
    assert len(block) == 3
    assert TagBlock.of_outputs(TLS, 7, []).tags() == ()


@pytest.mark.parametrize("shape", [(2, 31), (64,)])
def test_arrays_of_another_shape_are_no_tags(shape: tuple[int, ...]) -> None:
    """Nor are those of another type."""
    with pytest.raises(InvalidInput, match="uint8"):
        TagBlock(TLS, 7, np.zeros(shape, np.uint8))
    with pytest.raises(InvalidInput, match="uint8"):
        TagBlock(TLS, 7, np.zeros((1, 32), np.int64))
