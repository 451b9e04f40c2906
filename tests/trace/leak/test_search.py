"""The search end to end on a toy model: whom it names, whom it does not, and what it says of what it could not."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trace.leak.marked import EPOCH, KEEPER, Words, edited, innocent, keys_of, marked, record, table_of

from stillwatch.errors import InvalidInput
from stillwatch.model.trace_report import Finding, Suspect, TraceReport
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.leak.findings import About, leak_report
from stillwatch.trace.leak.kept import Kept
from stillwatch.trace.leak.records import Record, Tally
from stillwatch.trace.leak.scoring import KeyTable, Places
from stillwatch.trace.leak.search import Leak, Search, find_leak
from stillwatch.trace.leak.share import marked_records
from stillwatch.trace.mark.green import raised
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import uniforms
from stillwatch.trace.readers.vllm_gumbel import VllmGumbel

TIME = datetime(2026, 11, 27, tzinfo=UTC)


def searched(records: Iterable[Record], search: Search) -> Leak:
    """Search records that come from no file."""
    tally = Tally()

    def counted() -> Iterable[Record]:
        for one in records:
            tally.read += 1
            yield one

    return find_leak(counted(), tally, search)


def report_of(leak: Leak, table: KeyTable) -> TraceReport:
    """The report, its counts checked: parts add up to the records read."""
    about = About(Suspect.DATASET, "s", 1e-3, TIME, "0", keys=keys_of(list(table.accounts)))
    told = leak_report(leak, table, about)
    counts = dict(told.counts)
    assert counts["records read"] == sum(n for name, n in told.counts if name.startswith("of them"))
    return told


def names(told: TraceReport) -> list[str]:
    """Accounts that are named."""
    return [one.about for one in told.tests if one.log_p_adjusted <= math.log(told.alpha)]


def test_one_record_names_its_account() -> None:
    """200 tokens of 1.5 nats among 3,000 accounts: the right one, its key's commitment, and no other."""
    table, rng = table_of(3000), np.random.default_rng(1)
    leak = searched([record("r", marked(rng, "acct-00042", 200))], Search(table, Words()))
    told = report_of(leak, table)
    assert told.finding is Finding.FOUND
    assert names(told) == ["account acct-00042"]
    assert [key.for_id for key in told.keys] == ["acct-00042"]
    assert told.keys[0].commitment == keys_of(["acct-00042"])[0].commitment
    assert "acct-00042" in told.answer


def test_innocent_texts_name_nobody() -> None:
    """Forty data sets without a mark: no account at all, and p-values of accounts are uniform."""
    table, rng = table_of(500), np.random.default_rng(2)
    smallest = []
    for _ in range(40):
        leak = searched([record(str(i), innocent(rng, 80)) for i in range(3)], Search(table, Words()))
        assert report_of(leak, table).finding is Finding.NOT_FOUND
        smallest.append(leak.account_log_p.min() + math.log(500))
    assert min(smallest) > math.log(1e-3)


def test_scattered_records_are_pooled() -> None:
    """Thirty short records of one account among ninety others', three in ten tokens edited: named, with its records."""
    table, rng = table_of(400), np.random.default_rng(3)
    theirs = [record(f"t{i}", edited(rng, marked(rng, "acct-00007", 160, entropy=2.0), 0.2)) for i in range(30)]
    others = [record(f"o{i}", innocent(rng, 120)) for i in range(90)]
    mixed = [one for pair in zip(theirs, others[:30], strict=True) for one in pair] + others[30:]
    leak = searched(mixed, Search(table, Words()))
    assert names(report_of(leak, table)) == ["account acct-00007"]


def test_two_accounts_are_both_named() -> None:
    """Records of two customers in one data set."""
    table, rng = table_of(300), np.random.default_rng(4)
    records = [record(f"{a}{i}", marked(rng, a, 150)) for a in ("acct-00001", "acct-00200") for i in range(4)]
    told = report_of(searched(records, Search(table, Words())), table)
    assert sorted(names(told)) == ["account acct-00001", "account acct-00200"]
    assert dict(told.counts)["records that alone point at account acct-00001 (p <= 1e-4)"] == 4


def test_a_text_repeated_counts_once() -> None:
    """The same record a thousand times gives the p-value of one; an innocent one stays innocent."""
    table, rng = table_of(200), np.random.default_rng(5)
    once = record("r", marked(rng, "acct-00003", 60))
    single, many = (searched([once] * n, Search(table, Words())) for n in (1, 1000))
    assert (single.account_log_p == many.account_log_p).all()
    told = report_of(many, table)
    assert dict(told.counts)["of them all repeated"] == 999
    table_text = [record(str(i), [1, 2, 3, 4, 5, 6, 7, 8] * 50) for i in range(50)]
    assert report_of(searched(table_text, Search(table, Words())), table).finding is not Finding.FOUND


@pytest.mark.parametrize("scheme", [Scheme(symbol_share=1.0), Scheme(global_share=0.2, symbol_share=0.8)])
def test_code_words_name_one_of_many(scheme: Scheme) -> None:
    """20,000 accounts and no key of their own: the code word names the one, paid for by all of them."""
    table, rng = table_of(20_000, scheme), np.random.default_rng(6)
    leak = searched([record("r", marked(rng, "acct-12345", 260, scheme))], Search(table, Words()))
    told = report_of(leak, table)
    assert "account acct-12345" in names(told)
    assert set(names(told)) <= {"account acct-12345", "the provider's global key"}
    assert told.n_tests >= 20_000


def test_the_screen_counts_marked_records() -> None:
    """With a global key the share of marked records has a lower end that holds, and its own test."""
    scheme, rng = Scheme(global_share=0.5), np.random.default_rng(7)
    table = table_of(50, scheme)
    records = [record(f"m{i}", marked(rng, "acct-00009", 120, scheme)) for i in range(20)]
    records += [record(f"i{i}", innocent(rng, 120)) for i in range(30)]
    leak = searched(records, Search(table, Words()))
    told = report_of(leak, table)
    assert {"account acct-00009", "the provider's global key"} == set(names(told))
    assert 0.25 < told.intervals[0].low <= 0.4
    assert told.intervals[0].high == 1.0


def test_effort_takes_what_looks_most_marked() -> None:
    """With room for a fifth of the records, those with the mark are taken; what was left out is told."""
    scheme, rng = Scheme(global_share=0.5), np.random.default_rng(8)
    table = table_of(200, scheme)
    records = [record(f"i{i}", innocent(rng, 120)) for i in range(40)]
    records += [record(f"m{i}", marked(rng, "acct-00011", 120, scheme)) for i in range(8)]
    leak = searched(records, Search(table, Words(), effort=200 * 60 * 9))
    assert leak.n_looked_at < 16
    assert leak.n_left_out > 1000
    assert "account acct-00011" in names(report_of(leak, table))


def test_campaign_keys_are_found() -> None:
    """Text with raised green tokens: its campaign, not another one."""
    rng, scheme = np.random.default_rng(9), Scheme(delta=2.0)
    ours, other = (KEEPER.key(Purpose.CAMPAIGN, name, EPOCH) for name in ("c-1", "c-2"))
    tokens = rng.integers(0, 1000, 2).tolist()
    while len(tokens) < 400:
        logits = raised(rng.normal(0, 1, 1000), uniforms(ours.words, tokens[-2:], 1000), scheme.gamma, scheme.delta)
        weights = np.exp(logits)
        tokens.append(int(rng.choice(1000, p=weights / weights.sum())))
    table = table_of(50, scheme)
    leak = searched([record("r", tokens)], Search(table, Words(), campaigns=(ours, other)))
    assert names(report_of(leak, table)) == ["campaign c-1"]


@pytest.mark.parametrize("texts", [[], [[]], [[1, 2, 3]], [[1, 2, 3, 4, 5]]])
def test_too_little_is_said(texts: list[list[int]]) -> None:
    """No records, empty ones and ones of a token or two: too little, no error, and counts that add up."""
    table = table_of(50)
    told = report_of(searched([record("r", text) for text in texts], Search(table, Words())), table)
    assert told.finding is Finding.TOO_LITTLE
    assert "too few" in told.answer


def test_another_tokenizer_is_refused() -> None:
    """By its hash, before anything is read."""
    with pytest.raises(InvalidInput, match="made with tokenizer cdcdcdcdcdcd, got abababababab"):
        Search(table_of(2), Words(), made_with="cd" * 32)


def test_another_epoch_finds_nothing() -> None:
    """Keys of another epoch are other keys."""
    rng = np.random.default_rng(10)
    accounts = ["acct-00042"]
    wrong = KeyTable(accounts, KEEPER.keys(Purpose.ACCOUNT, accounts, "2026-10"), Scheme(), None)
    leak = searched([record("r", marked(rng, "acct-00042", 300))], Search(wrong, Words()))
    assert leak.account_log_p[0] > math.log(1e-4)


def test_order_changes_no_verdict() -> None:
    """First occurrences depend on the order of the records; who is named does not."""
    table, rng = table_of(100), np.random.default_rng(12)
    records = [record(str(i), marked(rng, "acct-00005", 150)) for i in range(3)] + [record("x", innocent(rng, 200))]
    for order in (records, records[::-1]):
        assert names(report_of(searched(order, Search(table, Words())), table)) == ["account acct-00005"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 0), st.integers(0, 30)), min_size=1, max_size=60), st.integers(1, 200))
def test_what_is_kept_is_the_most_marked(offered: list[tuple[float, int]], most: int) -> None:
    """Never more than the limit but for a single record; sizes add up; nothing kept looks less marked than its like."""
    kept = Kept(most)
    for log_p, n in offered:
        kept.add(log_p, Places(np.zeros(40, np.int64), np.arange(n), np.full(n, -2)))
    records = kept.records()
    sizes = [one.n_by_account for one in records]
    assert sum(sizes) <= most or len(sizes) == 1
    assert sum(sizes) + kept.n_left_out == sum(n for _, n in offered)


def test_the_lower_end_of_marked_records_holds() -> None:
    """Over many data sets with a known share the bound is below it at least 95 times in a hundred."""
    rng = np.random.default_rng(13)
    covered = 0
    for _ in range(400):
        log_p = np.log(rng.random(300))
        log_p[:45] = np.where(rng.random(45) < 0.9, -30.0, log_p[:45])
        found = marked_records(log_p)
        covered += found.low <= 45 / 300
        assert 0 <= found.low <= found.value <= found.high
    assert covered >= 375
    assert marked_records(np.zeros(10)).low == 0.0


def test_a_public_key_is_told_to_be_one() -> None:
    """A mark under a key of an engine's documents: found, and said to be forgeable by anybody."""
    reader = VllmGumbel(42)
    leak = searched([record("r", list(range(300)))], Search(table_of(3), Words(), readers=(reader,)))
    assert any("vllm-gumbel is public" in one for one in report_of(leak, table_of(3)).limits)
    private = searched([record("r", list(range(300)))], Search(table_of(3), Words(), readers=(VllmGumbel(43),)))
    assert not any("public" in one for one in report_of(private, table_of(3)).limits)
