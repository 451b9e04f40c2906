"""Where gateways show their token."""

import pytest

from stillwatch.act.gateways.tokens import tokens_shown

SECRET = "0123456789abcdef"  # noqa: S105 - of the test


def test_a_forged_header_does_not_hide_a_token() -> None:
    """A gateway's own token is seen whatever its client wrote beside it; its own header comes first."""
    headers = {"x-stillwatch-token": "forged", "x-api-key": "sk-1", "authorization": f"Bearer {SECRET}"}
    assert tokens_shown(headers) == ("forged", "sk-1", SECRET)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_schemes_in_any_letters(scheme: str) -> None:
    """Gateways write the scheme as they like."""
    assert tokens_shown({"authorization": f"{scheme}  {SECRET} "}) == (SECRET,)


@pytest.mark.parametrize("shown", [{}, {"authorization": f"Basic {SECRET}"}, {"x-api-key": "x" * 5000}])
def test_nothing_that_could_be_one(shown: dict[str, str]) -> None:
    """No header, another scheme and endless text show no token."""
    assert tokens_shown(shown) == ()
