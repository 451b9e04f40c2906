"""Residues: what only the wide families of a campaign hold, and which of these families stay."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from stillwatch.detect.campaigns import Draft, JudgedFamily, is_wide
from stillwatch.detect.families import MEASURED, MEMBER
from stillwatch.detect.residue import Residues, without_residues
from stillwatch.detect.views import VIEWS
from stillwatch.detect.views.ids import family_ids
from stillwatch.detect.views.mixing import mix
from stillwatch.model.campaign import Verdict
from stillwatch.model.fingerprint import FINGERPRINT, SEGMENTS_PER_PROMPT
from stillwatch.model.view import Grouping

NUMBER = {view.name: number for number, view in enumerate(VIEWS)}


def family(view: str, key: int, accounts: NDArray[np.int64]) -> JudgedFamily:
    """A family of a view that accuses some accounts."""
    n, zeros = np.full(len(accounts), 10), np.zeros(len(accounts))
    number = (NUMBER[view] << 61) | key
    return JudgedFamily(key, number, Verdict.HARVEST, (), 20.0, accounts.astype(np.uint64), n, zeros)


TEMPLATE, OTHER = family("template", 1, np.arange(30)), family("client", 3, np.arange(20))
TIED, ASKING = family("infrastructure", 5, np.arange(25)), family("profile", 7, np.arange(40))


def streams(*families: JudgedFamily) -> list[int]:
    """Stream hashes of some families, ascending."""
    return sorted(
        int(stream) for f in families for stream in mix(np.full(len(f.accounts), f.family, np.uint64), f.accounts)
    )


def test_wide_views_hold_all_that_accounts_send_or_ask() -> None:
    """Two of the views; the others pick single exchanges."""
    wide = {name for name, number in NUMBER.items() if is_wide((number << 61) | 1)}
    assert wide == {"infrastructure", "profile"}


def test_streams_of_campaigns_of_both_kinds_are_read() -> None:
    """A harvest with narrow and wide families gives its streams; one kind alone, and other verdicts, give none."""
    found = Residues.of([Draft(Verdict.HARVEST, (TEMPLATE, OTHER, TIED, ASKING))])
    assert found.narrow.tolist() == streams(TEMPLATE, OTHER)
    assert found.wide.tolist() == streams(TIED, ASKING)
    alone = [Draft(Verdict.HARVEST, (TEMPLATE, OTHER)), Draft(Verdict.HARVEST, (TIED,))]
    for drafts in ([], alone, [Draft(Verdict.UNCLEAR, (TEMPLATE, TIED))]):
        nothing = Residues.of(drafts)
        assert (len(nothing.narrow), len(nothing.wide)) == (0, 0)
    assert Residues.of([*alone, Draft(Verdict.HARVEST, (OTHER, TIED))]).narrow.tolist() == streams(OTHER)


def test_a_residue_is_what_no_narrow_stream_holds() -> None:
    """Of tied accounts 1 to 3: what goes without the template, and the template of an account that is not accused."""
    none = np.zeros(0, np.uint64)
    grouping = Grouping(none, none, np.arange(1, 4, dtype=np.uint64), np.full(3, 9, np.uint64))
    columns = {f.name: np.zeros(7, f.type.to_pandas_dtype()) for f in (*MEMBER, *FINGERPRINT) if f.name != "followed"}
    columns |= {f"signature_{i}": np.zeros(7, np.uint64) for i in range(SEGMENTS_PER_PROMPT)}
    columns |= {
        "account": np.array([1, 1, 2, 2, 3, 4, 4], np.uint64),
        "signature_0": np.array([6, 0, 6, 0, 6, 6, 0], np.uint64),
        "exchange": np.arange(7, dtype=np.uint64),
        "head": np.ones(7, np.bool_),
    }
    found = {name: np.asarray(values) for name, values in columns.items()}
    template = family_ids(NUMBER["template"], np.array([6], np.uint64))
    tied = family_ids(NUMBER["infrastructure"], mix(np.array([9], np.uint64)))
    narrow = replace(TEMPLATE, family=int(template[0])).among(np.array([1, 2], np.uint64))
    wide = replace(TIED, family=int(tied[0])).among(np.array([1, 2, 3], np.uint64))
    kept = Residues.of([Draft(Verdict.HARVEST, (narrow, wide))]).rows(grouping)(found)
    assert kept.schema == MEMBER
    assert [(row["family"], row["exchange"]) for row in kept.to_pylist()] == [(wide.family, e) for e in (1, 3, 4)]
    assert Residues.of([]).rows(grouping)(found).num_rows == 0


def measured(*families: JudgedFamily, n_accounts: int = 30, n_exchanges: int = 300) -> pa.Table:
    """Table MEASURED of the residues of some families, by family id."""
    columns: dict[str, NDArray[Any]] = {f.name: np.zeros(len(families), f.type.to_pandas_dtype()) for f in MEASURED}
    columns["family"] = np.array([f.family for f in families], np.uint64)
    columns["n_accounts"] = columns["n_owners"] = np.full(len(families), n_accounts)
    columns["n_exchanges"] = np.full(len(families), n_exchanges)
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in MEASURED})


BOTH = Draft(Verdict.HARVEST, (TEMPLATE, TIED, ASKING))


def test_a_wide_family_with_an_innocent_residue_goes() -> None:
    """The campaign is what its narrow families hold, and the wide one whose rest is a list's; the verdict stays."""
    bits = np.array([3.9, 4.0])
    (left,) = without_residues([BOTH], measured(TIED, ASKING), bits)
    assert (left.verdict, [f.family for f in left.families]) == (BOTH.verdict, [TEMPLATE.family, ASKING.family])
    (narrow,) = without_residues([BOTH], measured(TIED, ASKING), np.array([-30.0, -30.0]))
    assert [f.family for f in narrow.families] == [TEMPLATE.family]


@pytest.mark.parametrize(("n_accounts", "n_exchanges"), [(9, 300), (30, 49)])
def test_a_residue_too_small_to_be_judged_changes_nothing(n_accounts: int, n_exchanges: int) -> None:
    """Fewer accounts or exchanges than a family needs say nothing either way."""
    small = measured(TIED, ASKING, n_accounts=n_accounts, n_exchanges=n_exchanges)
    assert without_residues([BOTH], small, np.full(2, -30.0)) == [BOTH]


def test_campaigns_without_both_kinds_are_left_as_they_are() -> None:
    """A wide family alone is judged by its score, and other verdicts accuse nobody."""
    drafts = [Draft(Verdict.HARVEST, (TIED,)), Draft(Verdict.UNCLEAR, (TEMPLATE, TIED)), BOTH]
    found = without_residues(drafts, measured(TIED), np.array([-30.0]))
    assert found[:2] == drafts[:2]
    assert [f.family for f in found[2].families] == [TEMPLATE.family, ASKING.family]
    assert without_residues(drafts, measured(), np.zeros(0)) == drafts
