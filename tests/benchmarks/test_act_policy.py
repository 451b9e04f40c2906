"""The benchmark of policies runs, and its rules decide what they should."""

import pytest

from benchmarks import act_policy


def test_every_kind_of_request_has_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All kinds are measured with a policy of a few rules."""
    monkeypatch.setattr(act_policy, "fastest_us", lambda body: float(body() is not None))
    act_policy.main(3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("3 rules read, checked and proved")
    assert len(lines) == 6
