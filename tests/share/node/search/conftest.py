"""Small messages, so that a search takes no second; what rounding hides is tested with the protocol."""

import pytest

from stillwatch.share.psi import asker, holder, messages

ROUNDED_TO = 128


@pytest.fixture(autouse=True)
def small_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are a multiple of 128."""
    for module in (asker, holder, messages):
        monkeypatch.setattr(module, "ROUNDED_TO", ROUNDED_TO)
