"""A rule in shadow is no evidence: nothing of it has a way into a finding or a verdict."""

import dataclasses
import tomllib
from pathlib import Path

from stillwatch.share.answers.findings import Bars, Finding, LocalEvidence, PartnerWord, verdict_of
from stillwatch.share.node.rule_tables import RULE_ANSWERS, RULES
from stillwatch.share.node.tables import NODE_TABLES
from stillwatch.share.rules.shadow import ShadowAnswer, ShadowCounts

ROOT = Path(__file__).parents[3]


def test_what_a_run_gives_names_no_account() -> None:
    """Counts, a hash and two buckets; there is no list that anybody could act on."""
    assert {field.type for field in dataclasses.fields(ShadowCounts)} == {int}
    assert {field.type for field in dataclasses.fields(ShadowAnswer)} == {str}


def test_findings_and_verdicts_have_no_room_for_a_rule() -> None:
    """Their types know own evidence and others' words on indicators, and no more."""
    names = {field.name for kind in (LocalEvidence, PartnerWord, Finding, Bars) for field in dataclasses.fields(kind)}
    assert not [name for name in names if "rule" in name or "shadow" in name]
    assert set(verdict_of.__annotations__) == {"local", "bars", "return"}


def test_no_table_of_the_node_refers_to_a_rule() -> None:
    """Neither by a key nor by a column."""
    for table in NODE_TABLES.tables.values():
        if table not in {RULES, RULE_ANSWERS}:
            assert not [column for column in table.columns if column.foreign_keys or "rule" in column.name]


def test_the_import_contract_stands() -> None:
    """Rules cannot import what makes findings; the linter that checks it runs in CI."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (ours,) = (one for one in contracts if one["name"] == "a rule in shadow flags nobody")
    assert {"stillwatch.share.rules", "stillwatch.share.node.rules"} <= set(ours["source_modules"])
    assert {"stillwatch.share.answers", "stillwatch.share.trust"} <= set(ours["forbidden_modules"])
