"""The evaluator: a service that holds half a key, counts who asks for how much, and proves what it answers."""

from stillwatch.share.evaluator.app import Authenticate, OnSpent, evaluator_app
from stillwatch.share.evaluator.client import EvaluatorPair, Peer, published_keys
from stillwatch.share.evaluator.keyring import GRACE_DAYS, Keyring
from stillwatch.share.evaluator.members import Members, new_member
from stillwatch.share.evaluator.messages import ELEMENTS
from stillwatch.share.evaluator.meter import METER_TABLES, Meter
from stillwatch.share.evaluator.purpose import BUDGETS, Purpose

__all__ = [
    "BUDGETS",
    "ELEMENTS",
    "GRACE_DAYS",
    "METER_TABLES",
    "Authenticate",
    "EvaluatorPair",
    "Keyring",
    "Members",
    "Meter",
    "OnSpent",
    "Peer",
    "Purpose",
    "evaluator_app",
    "new_member",
    "published_keys",
]
