"""Innocents of the second hand: heavy, alike or in step, and no campaign."""

from typing import Final

from stillwatch.bench.second_hand.innocents.crowds import aggregator, automation, own_key_tool, viral
from stillwatch.bench.second_hand.innocents.firms import agency, batch, judges, labelling, office, support
from stillwatch.bench.second_hand.innocents.measuring import benchmark
from stillwatch.bench.second_hand.innocents.teaching import classroom, hackathon, laboratory
from stillwatch.bench.second_hand.innocents.unit import Kind

__all__ = ["KINDS"]

KINDS: Final[tuple[Kind, ...]] = (
    Kind("second-classrooms", 1.0, 500, classroom),
    Kind("second-nightly", 1.4, 600, batch),
    Kind("second-evaluations", 1.0, 1000, benchmark),
    Kind("second-judges", 1.2, 700, judges),
    Kind("second-localisation", 0.8, 400, agency),
    Kind("second-own-key-tools", 1.4, 900, own_key_tool),
    Kind("second-viral", 0.8, 600, viral),
    Kind("second-aggregators", 1.4, 1000, aggregator),
    Kind("second-support", 1.1, 700, support),
    Kind("second-offices", 1.0, 600, office),
    Kind("second-hackathons", 0.7, 400, hackathon),
    Kind("second-laboratories", 0.8, 450, laboratory),
    Kind("second-labelling", 1.0, 600, labelling),
    Kind("second-automations", 1.0, 600, automation),
)
"""Populations by name, share of all exchanges and usual size of a unit."""
