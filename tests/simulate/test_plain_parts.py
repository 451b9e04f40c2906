"""Drafts, ids, networks, clients and accounts."""

from ipaddress import IPv6Address, ip_address, ip_network

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.simulate.arrays import family_sizes, split
from stillwatch.simulate.clients import Clients
from stillwatch.simulate.draft import DRAFT_COLUMNS, Draft, merge
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.networks import COUNTRIES, address_texts, build_networks
from stillwatch.simulate.roster import Roster

NOBODYS = [ip_network(n) for n in ("240.0.0.0/4", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "198.18.0.0/15")]
DOCUMENTATION = [ip_network("3fff::/20")]


@given(total=st.integers(1, 5_000), n=st.integers(1, 50), seed=st.integers(0, 50))
def test_split_is_exact(total: int, n: int, seed: int) -> None:
    """Shares add up, each at least one, when there is enough for all."""
    rng = np.random.default_rng(seed)
    counts = split(rng, max(total, n), rng.lognormal(0.0, 2.0, n))
    assert counts.sum() == max(total, n)
    assert counts.min() >= 1


@given(total=st.integers(0, 20_000), seed=st.integers(0, 50))
def test_family_sizes_are_exact(total: int, seed: int) -> None:
    """Families share all exchanges and none is empty."""
    sizes = family_sizes(np.random.default_rng(seed), total, 500.0)
    assert sizes.sum() == total
    assert (sizes > 0).all()


def test_a_draft_knows_its_columns() -> None:
    """Columns have their types, drafts join and select, and a wrong name is refused."""
    draft = Draft.concat([Draft.of(2, account=[1, 2]), Draft.of(1, account=3, turn=4)])
    assert draft["account"].tolist() == [1, 2, 3]
    assert draft["turn"].tolist() == [1, 1, 4]
    assert all(draft[name].dtype == kind for name, (kind, _) in DRAFT_COLUMNS.items())
    assert draft.take(np.array([2, 0]))["account"].tolist() == [3, 1]
    assert len(Draft.concat([])) == len(merge([])) == 0
    whole = merge([Draft.of(2, account=[1, 2]), Draft.of(1, account=3)])
    whole.reorder(np.array([2, 1, 0]))
    assert whole["account"].tolist() == [3, 2, 1]
    with pytest.raises(KeyError):
        Draft.of(1, acount=1)


@given(numbers=st.lists(st.integers(-3, 2**40), max_size=60, unique=True), salt=st.integers(0, 2**62))
def test_ids_are_a_bijection(numbers: list[int], salt: int) -> None:
    """Different numbers get different ids, negative ones null."""
    ids = hex_ids("x_", np.array(numbers, np.int64), salt).to_pylist()
    known = [i for i in ids if i is not None]
    assert len(set(known)) == len(known) == sum(n >= 0 for n in numbers)
    assert all(len(i) == 18 for i in known)


def test_ids_do_not_sort_like_numbers() -> None:
    """Neither the order nor the neighbours of numbers can be read from their ids."""
    ids = hex_ids("", np.arange(4_000), 9).to_pylist()
    ranks = np.argsort(np.argsort(np.array(ids)))
    assert abs(np.corrcoef(ranks, np.arange(4_000))[0, 1]) < 0.06


def test_networks_are_apart() -> None:
    """No two operators share a block or a number, and countries are as common for all kinds alike."""
    networks = build_networks(np.random.default_rng(4), None)
    owners: dict[int, int] = {}
    for operator, blocks in enumerate(networks.blocks.tolist()):
        for block in blocks:
            assert owners.setdefault(block, operator) == operator
    assert len(np.unique(networks.asn)) == len(networks.asn)
    assert networks.asn.min() >= 64_512
    assert networks.asn.max() <= 65_534
    assert networks.country.max() < len(COUNTRIES)


def test_places_lie_in_their_networks() -> None:
    """An address is of a block of its operator, and mixed draws keep their kinds' shares."""
    rng = np.random.default_rng(4)
    networks = build_networks(rng, None)
    places = networks.mixed(rng, {"home": 3.0, "vpn": 1.0}, 4_000)
    assert all((places.host >> 16)[i] in networks.blocks[places.network[i]] for i in range(4_000))
    first, count = networks.kinds["vpn"]
    assert abs(((places.network >= first) & (places.network < first + count)).mean() - 0.25) < 0.03


def test_addresses_are_nobodys() -> None:
    """Without a folder of real blocks, every address is of a range that nobody has on the internet."""
    rng = np.random.default_rng(4)
    networks = build_networks(rng, None)
    kinds = dict.fromkeys(networks.kinds, 1.0)
    places = networks.mixed(rng, kinds, 6_000)
    for text in networks.addresses(places.network, places.host.astype(np.uint32)).to_pylist():
        address = ip_address(text)
        assert str(address) == text
        nobodys = DOCUMENTATION if isinstance(address, IPv6Address) else NOBODYS
        assert any(address in network for network in nobodys), text


def test_subscribers_keep_their_addresses() -> None:
    """The same place has the same address everywhere; homes and phones come by IPv6 now and then, servers never."""
    rng = np.random.default_rng(4)
    networks = build_networks(rng, None)
    shares = {}
    for kind in networks.kinds:
        places = networks.draw(rng, kind, 3_000)
        host = places.host.astype(np.uint32)
        texts = networks.addresses(places.network, host).to_pylist()
        assert texts == networks.addresses(places.network, host).to_pylist()
        assert len(set(texts)) == len(set(host.tolist()))
        shares[kind] = np.mean([":" in text for text in texts])
    assert abs(shares.pop("home") - 0.38) < 0.04
    assert abs(shares.pop("mobile") - 0.55) < 0.04
    assert set(shares.values()) == {0.0}


def test_addresses_are_dotted() -> None:
    """Numbers become addresses as the standard library writes them."""
    assert address_texts(np.array([0, 16_909_060, 2**32 - 1], np.uint32)).to_pylist() == [
        "0.0.0.0",  # noqa: S104
        "1.2.3.4",
        "255.255.255.255",
    ]


def test_own_builds_look_like_others() -> None:
    """A program of one's own has a version, a system and a handshake that others have too."""
    rng, clients = np.random.default_rng(0), Clients()
    known = {build.tls for build in clients.builds}
    build = clients.builds[clients.own_build(rng, "velkora")]
    assert build.tls in known
    assert build.client_build.split(" ")[0] == "velkora" == build.user_agent.split("/")[0]


def test_no_two_clients_alike() -> None:
    """As many different pairs of build and setting as asked for, while there are enough."""
    clients = Clients()
    for n in (3, 500, 20_000):
        builds, settings = clients.unlike(np.random.default_rng(1), n)
        assert len(set(zip(builds.tolist(), settings.tolist(), strict=True))) == n


def test_accounts_can_be_reopened() -> None:
    """When an account was opened can be corrected; nothing else changes."""
    roster = Roster(10**15)
    roster.add(3, created_us=5, verified=1)
    roster.add(1, created_us=7)
    roster.reopen(np.array([0, 3]), np.array([50, 70]))
    assert roster.column("created_us").tolist() == [50, 5, 5, 70]
    assert roster.column("verified").tolist() == [1, 1, 1, 0]
    assert len(roster) == 4
    assert roster.add(1).tolist() == [4]


def test_roster_counts_and_refuses() -> None:
    """Accounts are numbered on, issued numbers are never issued again, and a wrong name is refused."""
    roster, rng = Roster(10**15), np.random.default_rng(0)
    first, second = roster.add(3, population=1), roster.add(2, **roster.unrelated(rng, 2, population=2))
    assert [*first, *second] == list(range(5)) == list(range(len(roster)))
    assert roster.column("population").tolist() == [1, 1, 1, 2, 2]
    assert not set(roster.issue(5).tolist()) & set(roster.issue(5).tolist())
    assert (roster.column("created_us")[second] < 10**15).all()
    with pytest.raises(KeyError):
        roster.add(1, poplation=1)


def test_groups_pay_together() -> None:
    """Accounts of one group have one means of payment or none."""
    payment = Roster(0).paid_in_groups(np.random.default_rng(0), 400, 40)
    groups = [set(payment[i : i + 40].tolist()) - {-1} for i in range(0, 400, 40)]
    assert all(len(group) == 1 for group in groups)
    assert 0.05 < (payment < 0).mean() < 0.2
    assert pa.array(payment).null_count == 0
