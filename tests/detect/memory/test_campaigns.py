"""A campaign keeps its id: by its accounts, by its families when all accounts are new, when it merges or splits."""

import numpy as np
import pyarrow as pa

from stillwatch.detect.campaigns import Draft, JudgedFamily
from stillwatch.detect.memory.campaigns import CAMPAIGN, CAMPAIGN_MEMBER, CampaignMemory
from stillwatch.detect.naming import campaign_id
from stillwatch.model.campaign import Verdict

TEMPLATE, CLIENT = 0x11, 0x2000000000000013
"""A family of the template view, and one of the client view."""


def draft(accounts: list[int], *families: int) -> Draft:
    """Draft of families that all of the accounts are in."""
    n = np.full(len(accounts), 5)
    return Draft(
        Verdict.HARVEST,
        tuple(
            JudgedFamily(0, f, Verdict.HARVEST, (), 20.0, np.array(accounts, np.uint64), n, np.ones(len(accounts)))
            for f in families
        ),
    )


def opened(
    name: str, accounts: list[int], *families: int, first_us: int = 0, also: tuple[int, ...] = ()
) -> CampaignMemory:
    """One open campaign, seen last on day 5."""
    row = {"campaign_id": name, "first_us": first_us, "last_us": 5 * 86_400_000_000, "verdict": "harvest"}
    members = [
        {"campaign_id": name, "kind": kind, "key": key, "day": 5}
        for kind, keys in enumerate((families, accounts, also))
        for key in keys
    ]
    found = CampaignMemory(
        pa.Table.from_pylist([row], schema=CAMPAIGN), pa.Table.from_pylist(members, schema=CAMPAIGN_MEMBER)
    )
    return found.merge(CampaignMemory())


OLD = opened("campaign-000000aa", [1, 2, 3, 4], TEMPLATE, first_us=10)
YOUNG = opened("campaign-000000bb", [11, 12, 13], 0x31, first_us=20)


def ids(memory: CampaignMemory, *drafts: Draft) -> list[str]:
    """Ids of the drafts, all seen today."""
    return [campaign_id(d) for d in memory.named(drafts, range(len(drafts)))]


def test_a_campaign_goes_on_with_half_of_its_accounts() -> None:
    """Under other families even, and with many new accounts."""
    (found,) = OLD.named([draft([3, 4, 21, 22, 23], 0x51)], [0])
    assert found.known is not None
    assert (found.known.campaign_id, found.known.first_us) == ("campaign-000000aa", 10)


def test_replaced_accounts_go_on_by_their_template_and_not_by_a_popular_client() -> None:
    """Nobody is left but the template is: the same campaign. A client that strangers use as well names nothing."""
    assert ids(OLD, draft([31, 32], TEMPLATE)) == ["campaign-000000aa"]
    popular = opened("campaign-000000cc", [1, 2], CLIENT)
    assert ids(popular, draft([31, 32], CLIENT)) != ["campaign-000000cc"]


def test_of_two_that_are_one_now_the_older_keeps_its_id() -> None:
    """The younger id is recorded, and what the state knew of it goes to the heir."""
    both = OLD.merge(YOUNG)
    (found,) = both.named([draft([1, 2, 3, 4, 11, 12, 13], 0x51)], [0])
    assert found.known is not None
    assert found.known.campaign_id == "campaign-000000aa"
    assert found.known.also_known_as == ("campaign-000000bb",)
    after = both.merge(opened("campaign-000000aa", [1, 11], 0x51, first_us=10, also=(0xBB,)))
    assert after.campaigns["campaign_id"].to_pylist() == ["campaign-000000aa"]
    assert set(after.families().tolist()) == {TEMPLATE, 0x31, 0x51}


def test_after_a_split_the_larger_part_keeps_the_id() -> None:
    """The smaller part gets an id that nobody has, although its family is the one that named the campaign."""
    named_by_family = campaign_id(draft([1], TEMPLATE))
    memory = opened(named_by_family, [1, 2, 3, 4, 5], TEMPLATE)
    small_part, large_part = ids(memory, draft([1, 2], TEMPLATE), draft([3, 4, 5], 0x51))
    assert large_part == named_by_family
    assert small_part not in {named_by_family, campaign_id(draft([1], 0x51))}


def test_a_draft_that_is_not_seen_today_takes_no_id() -> None:
    """Remembered exchanges alone make nothing happen."""
    unseen, seen = OLD.named([draft([1, 2, 3, 4], TEMPLATE), draft([3, 4], TEMPLATE)], [1])
    assert unseen.known is None
    assert seen.known is not None
    assert seen.known.campaign_id == "campaign-000000aa"


def test_merging_is_commutative_and_campaigns_close() -> None:
    """In any order; what was not seen since is dropped with its members."""
    third = opened("campaign-000000aa", [4, 5], 0x71, first_us=3)
    assert OLD.merge(YOUNG).merge(third) == third.merge(YOUNG.merge(OLD))
    assert OLD.merge(third).campaigns["first_us"].to_pylist() == [3]
    closed = OLD.merge(YOUNG).since(6, 6 * 86_400_000_000)
    assert closed == CampaignMemory()
