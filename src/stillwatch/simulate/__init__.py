"""Traffic with known campaigns in it, from a built-in grammar or from real corpora and arrival traces."""

from stillwatch.simulate.campaigns import CAMPAIGNS, DEFAULT, EVASIONS
from stillwatch.simulate.options import KEYS, POLICIES, Options
from stillwatch.simulate.plan import FULL_LEGITIMATE
from stillwatch.simulate.populations import POPULATIONS
from stillwatch.simulate.simulation import Simulated, simulate
from stillwatch.simulate.truth import MARKER, TRUTH_ACCOUNT, TRUTH_EXCHANGE

__all__ = [
    "CAMPAIGNS",
    "DEFAULT",
    "EVASIONS",
    "FULL_LEGITIMATE",
    "KEYS",
    "MARKER",
    "POLICIES",
    "POPULATIONS",
    "TRUTH_ACCOUNT",
    "TRUTH_EXCHANGE",
    "Options",
    "Simulated",
    "simulate",
]
