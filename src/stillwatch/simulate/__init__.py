"""Traffic with known campaigns in it, from a built-in grammar or from real corpora and arrival traces."""

from stillwatch.simulate.campaigns import CAMPAIGNS
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.simulation import Simulated, simulate
from stillwatch.simulate.truth import MARKER, TRUTH_ACCOUNT, TRUTH_EXCHANGE

__all__ = ["CAMPAIGNS", "MARKER", "POPULATIONS", "TRUTH_ACCOUNT", "TRUTH_EXCHANGE", "Simulated", "simulate"]
