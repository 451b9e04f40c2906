"""What a node remembers of rules: the rules themselves, and the last answer of each member to each.

No other table of the node refers to these: what a rule does in shadow leads to no finding.
"""

from typing import Final

from sqlalchemy import Column, LargeBinary, String, Table

from stillwatch.share.node.tables import NODE_TABLES

__all__ = ["RULES", "RULE_ANSWERS"]

RULES: Final = Table(
    "node_rules",
    NODE_TABLES,
    Column("rule", String(64), primary_key=True),
    Column("origin", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Signed rules by their content hash; of one content the first that came, as the forum has it."""

RULE_ANSWERS: Final = Table(
    "node_rule_answers",
    NODE_TABLES,
    Column("rule", String(64), primary_key=True),
    Column("member_id", String(40), primary_key=True),
    Column("created", String(40), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
