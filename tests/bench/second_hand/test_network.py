"""Exits of every kind, ids, and lists of texts."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.bench.second_hand.corpus import corpus, questions
from stillwatch.bench.second_hand.marks import ids, uniform
from stillwatch.bench.second_hand.network import EXITS, leave
from stillwatch.bench.second_hand.scene import HOUR_US, Scene, look
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.simulate import simulate


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """What a small provider's logs show."""
    return look(simulate(tmp_path_factory.mktemp("run") / "r", exchanges=5_000, seed=3, campaigns=()).out)


ACCOUNT = np.repeat(np.arange(40), 50)
TIME = np.tile(np.arange(50) * HOUR_US, 40)


def addresses_an_account(scene: Scene, kind: str) -> float:
    """Different addresses of an account, on average."""
    address = np.array(leave(scene, kind, 99, ACCOUNT, TIME).address.to_pylist())
    return float(np.mean([len(set(address[a == ACCOUNT])) for a in range(40)]))


@pytest.mark.parametrize("kind", EXITS)
def test_exits_are_addresses_of_networks_in_use(scene: Scene, kind: str) -> None:
    """Every address lies in a network of the logs, under its AS number and country, and a salt repeats it."""
    made = leave(scene, kind, 5, ACCOUNT, TIME)
    known = {(r["prefix"], r["asn"], r["country"]) for r in scene.networks.to_pylist()}
    for address, asn, country in zip(
        made.address.to_pylist(), made.asn.tolist(), made.country.to_pylist(), strict=True
    ):
        first, second, third, fourth = address.split(".")
        assert (f"{first}.{second}", asn, country) in known
        assert 0 <= int(third) <= 255
        assert 0 <= int(fourth) <= 255
    assert made.address.equals(leave(scene, kind, 5, ACCOUNT, TIME).address)


def test_kinds_of_exits_differ_in_how_long_an_address_lasts(scene: Scene) -> None:
    """One address an account where it is rented, one for all in an office, a new one each time where it rotates."""
    assert addresses_an_account(scene, "static") == addresses_an_account(scene, "server") == 1
    assert len(set(leave(scene, "office", 1, ACCOUNT, TIME).address.to_pylist())) == 1
    assert addresses_an_account(scene, "rotating") > 45
    assert 1 < addresses_an_account(scene, "home") < 15
    assert len(set(leave(scene, "vpn", 1, ACCOUNT, TIME).address.to_pylist())) <= 12


def test_prices_are_read_from_the_logs(scene: Scene) -> None:
    """Answers cost more than questions, and cached input no more than fresh."""
    assert (scene.price_usd[:, 2] > scene.price_usd[:, 0]).all()
    assert (scene.price_usd[:, 1] <= scene.price_usd[:, 0] + 1e-9).all()
    assert scene.days == 14


def test_ids_are_unique_and_null_where_there_is_no_code() -> None:
    """Equal codes have equal ids, different ones different, negative ones none; numbers are uniform."""
    made = ids("x_", np.array([0, 1, 1, -1]), 4).to_pylist()
    assert made[1] == made[2] != made[0]
    assert made[3] is None
    many = ids("x_", np.arange(100_000), 4)
    assert pc.count_distinct(many).as_py() == 100_000
    numbers = uniform(3, np.arange(20_000))
    assert abs(numbers.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03


def test_questions_are_distinct_and_as_many_as_asked() -> None:
    """A list has no repeats, in one language or several."""
    for languages in (("en",), ("en", "zh", "es")):
        made = questions(np.random.default_rng(1), 5_000, languages)
        assert len(made) == pc.count_distinct(made).as_py() == 5_000


def test_a_side_reads_its_own_roles_only(tmp_path: Path) -> None:
    """Attackers get harvest texts, innocents the others, neither may ask for the other's, and no folder is nothing."""
    rows = {"corpus": ["h", "c", "e"], "role": ["harvest", "chat", "evaluation"], "text": ["one", "two", "three"]}
    pq.write_table(pa.table(rows), tmp_path / "prompts.parquet")
    assert corpus(tmp_path, "attack").to_pylist() == ["one"]
    assert corpus(tmp_path, "innocent").to_pylist() == ["two", "three"]
    assert corpus(tmp_path, "innocent", role="chat").to_pylist() == ["two"]
    assert len(corpus(None, "attack")) == 0
    with pytest.raises(InvalidInput, match="role"):
        corpus(tmp_path, "attack", role="chat")
    with pytest.raises(MissingData, match=r"prompts\.parquet"):
        corpus(tmp_path / "none", "attack")
