"""The scenarios of the second hand; names are those of the first, so that results can be laid side by side."""

from typing import Final

from stillwatch.bench.second_hand.attacks.plan import Plan

__all__ = ["PLANS"]

_FACTORY: Final = ("reasoning", "rubric", "rewriting", "evolve", "respond")
_BARE: Final = ("gpteacher_codegen", "gpteacher_roleplay", "belle_eval", "toolalpaca", "toolbench")

PLANS: Final[tuple[Plan, ...]] = (
    Plan("reasoning-harvest", 150_000, lists=("reasoning", "rubric", "rewriting"), answer_tokens=1400.0),
    Plan(
        "agentic-harvest",
        3_400_000,
        accounts=600,
        words="trajectory",
        lists=("tooling",),
        corpora=("toolbench", "toolalpaca", "gorilla_questions", "gpteacher_toolformer", "gorilla_apibench"),
        turns="trajectory",
        fleets=3,
        answer_tokens=250.0,
    ),
    Plan("pivot-harvest", 13_000_000, lists=_FACTORY, fleets=3, pivot=True),
    Plan("big-summer", 28_800_000, per_days=45, accounts=25_000, lists=_FACTORY, fleets=5),
    Plan("bare-questions", 300_000, words="bare", corpora=_BARE),
    Plan("slow-drip", 150_000, daily=0.18, lists=("reasoning", "respond")),
    Plan("paraphrase", 300_000, words="reworded"),
    Plan("camouflage", 300_000, words="agent", lists=("agent_turn",)),
    Plan("ban-evasion", 300_000, lists=_FACTORY, life_d=2.0),
    Plan("one-per-account", 150_000, daily=0, lists=("respond", "reasoning"), fleets=2),
    Plan("multi-provider", 200_000, lists=_FACTORY, share_of_list=3),
    Plan("relay-mixed", 400_000, lists=_FACTORY, cover=(0.3, 5.0), fleets=2),
    Plan("sorted-list", 200_000, lists=_FACTORY, order="sorted"),
    Plan("padded-turns", 300_000, lists=_FACTORY, turns="padded"),
    Plan("uneven-load", 300_000, lists=_FACTORY, uneven=True),
    Plan("fake-repeats", 300_000, lists=_FACTORY, repeats=0.3),
    Plan("small-ring", 150_000, exact_accounts=15, lists=_FACTORY),
    Plan("shards-as-people", 300_000, words="bare", order="sharded", turns="sessions", human=True),
    Plan("client-key-per-account", 300_000, words="bare", client_per_account=True, corpora=_BARE),
    Plan("relay-like-cover", 300_000, words="bare", order="wandering", turns="sessions", human=True, cover=(1.0, 3.0)),
    Plan("ordinary-content", 300_000, words="ordinary"),
)
"""Sizes where a disclosure gives them, else what an operator of that kind would want."""
