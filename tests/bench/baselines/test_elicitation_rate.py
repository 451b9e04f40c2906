"""Elicitation rate: shares counted by hand."""

import numpy as np
import pytest
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines.elicitation_rate import ElicitationRate
from stillwatch.model.fingerprint import ELICITATION_CLASSES

REASON = "Show your reasoning: what is seven times eight?"
PLAIN = "What is seven times eight?"
TOY = ToyTraffic(
    [sent("half", i, prompt_text=REASON if i % 2 else PLAIN) for i in range(6)]
    + [sent("all", 10 + i, prompt_text=REASON) for i in range(6)]
    + [sent("system", 20 + i, prompt_text=PLAIN, system_text="Let's think step by step.") for i in range(7)]
    + [sent("few", 30, prompt_text=REASON)]
)
ALL = (1 << len(ELICITATION_CLASSES)) - 1


def test_shares() -> None:
    """Half, all by the prompt, all by the system prompt; one exchange is too few to be judged."""
    found = by_account(TOY, ElicitationRate().score(TOY, {"min_exchanges": 5, "classes": ALL}))
    assert found["half"] == pytest.approx(0.5, abs=1e-6)
    assert found["all"] == pytest.approx(1.0, abs=1e-6)
    assert found["few"] == -np.inf


def test_more_evidence_comes_first_among_equals() -> None:
    """Seven of seven rank above six of six, and both above one of one; no tie-break outweighs a share."""
    found = by_account(TOY, ElicitationRate().score(TOY, {"min_exchanges": 1, "classes": ALL}))
    assert found["system"] > found["all"] > found["few"] > found["half"]


def test_classes_that_are_left_out_do_not_count() -> None:
    """Reasoning phrases are no grading."""
    grading = 1 << ELICITATION_CLASSES.index("grading")
    assert ElicitationRate().score(TOY, {"min_exchanges": 1, "classes": grading}).tolist() == [0.0] * 4
