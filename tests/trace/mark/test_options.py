"""Options of marks that make none are refused, with what is allowed."""

from typing import Any

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.trace.mark.options import Scheme


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"account_width": 0}, "account_width must be in 1 to 16, got 0"),
        ({"campaign_width": 17}, "campaign_width must be in 1 to 16, got 17"),
        ({"gamma": 1.0}, "gamma must be in"),
        ({"delta": -0.1}, "delta must be in 0 to 20"),
        ({"global_share": 0.6, "symbol_share": 0.5}, "at most 1 together"),
        ({"symbol_share": -0.1}, "0 or above"),
    ],
)
def test_bad_options_are_refused(wrong: dict[str, Any], told: str) -> None:
    """The message names option, range and value."""
    with pytest.raises(InvalidInput, match=told):
        Scheme(**wrong)


def test_slots_are_needed_only_with_shares() -> None:
    """Without shares every context is the account's."""
    assert not Scheme().has_slots
    assert Scheme(global_share=0.1).has_slots
    assert Scheme(symbol_share=1.0).has_slots
