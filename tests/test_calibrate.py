"""Calibration end to end on small traffic: the lag, who is left out, what is stored, and that a scan takes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests import traffic

import stillwatch
from stillwatch.calibrate import Rules, calibrate, read_ids
from stillwatch.detect.legitimate import MOST_RISE_BITS
from stillwatch.detect.reference import SIZE_CLASSES, ReferenceFile, size_bars
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.ingest import installation_salt
from stillwatch.model.account import ACCOUNT
from stillwatch.report import write_findings

from .scanning import harvests, write

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(lag_days=3, min_age_days=90)
LAST_US = traffic.START_US + 14 * traffic.DAY_US


def accounts(exchanges: pa.Table, verified: Callable[[str], bool], *, age_days: float = 365) -> pa.Table:
    """Table of accounts of which some are verified, all of the same age at the end of the traffic."""
    table = traffic.accounts(exchanges)
    ids = table["account_id"].to_pylist()
    opened = datetime.fromtimestamp(LAST_US / 1e6, UTC) - timedelta(days=age_days)
    columns = {name: table[name] for name in ACCOUNT.names}
    columns["verified_level"] = pa.array([2 if verified(a) else 0 for a in ids], pa.int32())
    columns["created_at"] = pa.array([opened] * len(ids), ACCOUNT.field("created_at").type)
    return pa.table(columns, schema=ACCOUNT)


@pytest.fixture(scope="module")
def exchanges() -> pa.Table:
    """People and a harvest."""
    return traffic.mixed()


@pytest.fixture(scope="module")
def folder(exchanges: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs, and accounts of which every person is verified and no shell."""
    return laid_out(exchanges, tmp_path_factory.mktemp("logs"), lambda account: account.startswith("person"))


def laid_out(exchanges: pa.Table, folder: Path, verified: Callable[[str], bool]) -> Path:
    """Write logs and accounts."""
    write(folder, exchanges, accounts=False)
    pa.parquet.write_table(accounts(exchanges, verified), folder / "accounts.parquet")
    return folder


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ReferenceFile, Path]:
    """A calibration on them, with a base whose families all have 30 accounts."""
    out = tmp_path_factory.mktemp("calibration") / "ours.parquet"
    default = ReferenceFile.load()
    n = len(default.families.unit)
    base = replace(default, n_accounts=np.full(n, 30), view=("client",) * n, is_own=np.zeros(n, np.bool_))
    base.save(out.with_name("base.parquet"))
    return calibrate(folder, out, rules=RULES, base=out.with_name("base.parquet"), now=NOW), out


def test_what_was_left_out_adds_up(made: tuple[ReferenceFile, Path], exchanges: pa.Table) -> None:
    """Exchanges and families: the whole is the sum of its parts, and the lag is where it should be."""
    calibration = made[0].calibration
    assert calibration is not None
    read, *parts = calibration.exchanges.values()
    assert read == sum(parts) == exchanges.num_rows
    seen, *fates = calibration.families.values()
    assert seen == sum(fates) > 0
    times = exchanges["time"].cast(pa.int64()).to_numpy()
    until = times.max() - 3 * traffic.DAY_US
    assert calibration.exchanges["recent"] == (times > until).sum()
    assert calibration.last is not None
    assert calibration.last.timestamp() * 1e6 == pytest.approx(times[times <= until].max(), abs=1)


def test_own_families_are_people_only(made: tuple[ReferenceFile, Path]) -> None:
    """The harvest's families are not verified; the others are kept and marked own."""
    file, _ = made
    calibration = file.calibration
    assert calibration is not None
    assert calibration.families["unverified"] >= 1
    assert calibration.n_own == file.n_own_units == len(np.unique(file.families.unit[file.is_own])) >= 1
    assert set(np.array(file.families.kind)[file.is_own]) <= {"own-customers", "own-organisation"}
    assert calibration.n_simulated > 0
    assert f"{calibration.n_own} own units and {calibration.n_simulated:,} simulated ones" in file.name


def test_it_is_read_as_it_was_written(made: tuple[ReferenceFile, Path]) -> None:
    """Provenance, bars and backgrounds survive the file."""
    file, path = made
    read = ReferenceFile.load(path)
    assert (read.calibration, read.bars, read.backgrounds) == (file.calibration, file.bars, file.backgrounds)
    assert read.calibration is not None
    assert (read.calibration.created_at, read.calibration.software) == (NOW, stillwatch.__version__)


def test_backgrounds_count_verified_owners(made: tuple[ReferenceFile, Path], exchanges: pa.Table) -> None:
    """Persons, not shells: each person's payment and network once."""
    backgrounds = made[0].backgrounds
    assert backgrounds is not None
    assert backgrounds.fits(installation_salt())
    times = exchanges["time"].cast(pa.int64())
    old = exchanges.filter(pc.less_equal(times, pc.subtract(pc.max(times), 3 * traffic.DAY_US)))
    persons = {a for a in old["account_id"].to_pylist() if a.startswith("person")}
    assert backgrounds.n_owners("payment") == len(persons)
    assert backgrounds.n_owners("client") == pytest.approx(len(persons), abs=1e-3)


def test_no_id_or_value_is_in_the_file(made: tuple[ReferenceFile, Path]) -> None:
    """Neither accounts nor networks nor means of payment can be read from it."""
    content = made[1].read_bytes()
    assert not [word for word in (b"person-", b"shell-", b"card-", b"192.0.", b"sdk-1") if word in content]


def test_a_scan_takes_it_and_says_so(made: tuple[ReferenceFile, Path], folder: Path) -> None:
    """The harvest is found against it; age, bars and comparable units are in the findings."""
    findings = stillwatch.scan(folder, reference=made[1])
    (campaign,) = harvests(findings)
    assert not findings.is_default_reference
    assert findings.calibration == made[0].calibration
    assert findings.calibration_age_days is not None
    assert findings.bars == made[0].bars
    assert findings.comparable_units[campaign.campaign_id] >= 0


def test_nobody_verified_falls_back_on_the_base(exchanges: pa.Table, tmp_path: Path) -> None:
    """Without a family of one's own the bars are those of the base, and the name says so."""
    default = ReferenceFile.load()
    file = calibrate(laid_out(exchanges, tmp_path / "logs", lambda _: False), tmp_path / "o.parquet", rules=RULES)
    assert "0 own units and" in file.name
    assert file.n_own_units == 0
    most = [default.bar_for(low) + MOST_RISE_BITS for low, _ in SIZE_CLASSES]
    expected = size_bars(default.families, default.n_accounts, most_bits=most)
    assert [bar.bits for bar in file.bars] == pytest.approx([bar.bits for bar in expected])
    assert file.n_units == default.n_units
    assert file.backgrounds is not None
    assert file.backgrounds.n_owners("payment") == 0


def test_young_accounts_teach_nothing(exchanges: pa.Table, tmp_path: Path) -> None:
    """Verified, but opened a week ago."""
    folder = write(tmp_path / "logs", exchanges, accounts=False)
    table = accounts(exchanges, lambda _: True, age_days=60)
    pa.parquet.write_table(table, folder / "accounts.parquet")
    file = calibrate(folder, tmp_path / "o.parquet", rules=RULES)
    assert file.n_own_units == 0


def test_findings_and_lists_leave_accounts_out(exchanges: pa.Table, folder: Path, tmp_path: Path) -> None:
    """Accounts of an earlier harvest, and those on a list, are not looked at at all."""
    write_findings(stillwatch.scan(folder), tmp_path / "findings")
    (tmp_path / "bad").write_text("person-0\nperson-1\n# nobody\n\n")
    rules = Rules(lag_days=3, exclude=(tmp_path / "findings",), exclude_accounts=tmp_path / "bad")
    file = calibrate(folder, tmp_path / "o.parquet", rules=rules)
    assert file.calibration is not None
    out = [f"shell-{i}" for i in range(60)] + ["person-0", "person-1"]
    times = exchanges["time"].cast(pa.int64())
    old = pc.less_equal(times, pc.subtract(pc.max(times), 3 * traffic.DAY_US))
    theirs = pc.and_(old, pc.is_in(exchanges["account_id"], value_set=pa.array(out)))
    assert file.calibration.exchanges["excluded"] == pc.sum(theirs).as_py()


def test_whom_a_person_vouches_for_is_left_out_no_more(exchanges: pa.Table, folder: Path, tmp_path: Path) -> None:
    """An account of an earlier harvest that is vouched for is looked at again; one on the list of the bad is not."""
    write_findings(stillwatch.scan(folder), tmp_path / "findings")
    (tmp_path / "bad").write_text("shell-1\n")
    (tmp_path / "vouched").write_text("shell-0\nshell-1\n")
    rules = Rules(
        lag_days=3,
        exclude=(tmp_path / "findings",),
        exclude_accounts=tmp_path / "bad",
        vouched=tmp_path / "vouched",
    )
    file = calibrate(folder, tmp_path / "o.parquet", rules=rules)
    assert file.calibration is not None
    times = exchanges["time"].cast(pa.int64())
    old = pc.less_equal(times, pc.subtract(pc.max(times), 3 * traffic.DAY_US))
    out = pc.is_in(exchanges["account_id"], value_set=pa.array([f"shell-{i}" for i in range(1, 60)]))
    assert file.calibration.exchanges["excluded"] == pc.sum(pc.and_(old, out)).as_py()


def test_a_lag_longer_than_the_logs_is_refused(folder: Path, tmp_path: Path) -> None:
    """The error says how long the logs are and what to do."""
    with pytest.raises(MissingData, match=r"over 1\d\.\d days.*younger than the lag of 30 days.*shorter --lag-days"):
        calibrate(folder, tmp_path / "o.parquet")
    assert not (tmp_path / "o.parquet").exists()


def test_rules_that_mean_nothing_are_all_named() -> None:
    """Every problem at once."""
    with pytest.raises(InvalidInput, match=r"lag_days must be 0.*min_verified_level must be.*enough_units must be"):
        Rules(lag_days=-1, min_verified_level=7, enough_units=0)


def test_lists_that_cannot_be_read(tmp_path: Path) -> None:
    """Not there, or no text."""
    with pytest.raises(MissingData, match="one id a line"):
        read_ids(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"abc\n\xff\xfe\n")
    with pytest.raises(InvalidInput, match="byte 4 is not"):
        read_ids(tmp_path / "bytes")
