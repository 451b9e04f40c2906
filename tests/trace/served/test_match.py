"""A suspect data set joined with what was served."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact
from tests.trace.served.world import SECRET, edited, exchanges, named, texts

from stillwatch.errors import IncompatibleVersion, InvalidInput, UnreadableSource
from stillwatch.trace.served.chance import log_chance
from stillwatch.trace.served.index import ServedIndex
from stillwatch.trace.served.match import MatchOptions, log_match
from stillwatch.trace.served.result import LogMatch
from stillwatch.trace.served.shingles import SHINGLE_TOKENS, shingles_twin

OUTPUTS = texts(600, seed=1)
INDEX = ServedIndex.of(exchanges(OUTPUTS), SECRET)
LEAKED = [edited(OUTPUTS[i], 0.1, i) for i in range(1, 600, 10)]
BACKGROUND = named(texts(400, seed=9), "b")


def joined(suspect: list[str], index: ServedIndex = INDEX, options: MatchOptions | None = None) -> LogMatch:
    """A join with the usual background."""
    return log_match(index, SECRET, named(suspect, "r"), BACKGROUND, options)


MATCH = joined(LEAKED + texts(100, seed=5))


def test_leaked_records_name_their_exchange_and_account() -> None:
    """Every record told is one of the leaked, with the exchange it was made from, and most of them are found."""
    assert MATCH.n_found > 50
    for one in MATCH.records:
        number = 10 * int(one.record_id[1:]) + 1
        assert (one.exchange_id, one.account_id, one.campaign_id) == (f"e{number:05d}", "a1", "c1")
        assert one.n_accounts <= 1
        assert one.low <= one.containment <= one.high
        assert one.log_chance <= one.log_chance_adjusted


def test_the_account_that_leaked_is_the_only_one_named() -> None:
    """Account and campaign have the records, none by chance, and a p-value that is exact: Fisher's one-sided test."""
    (account,), (campaign,) = MATCH.accounts, MATCH.campaigns
    assert (account.name, campaign.name) == ("a1", "c1")
    assert account.n_alone == account.n_records == campaign.n_records == MATCH.anybody.n_records > 50
    n, rest = account.n_records, MATCH.n_records - account.n_records
    exact = fisher_exact(np.array([[n, rest], [0, MATCH.n_background]]), "greater").pvalue
    assert account.log_p == pytest.approx(math.log(exact), rel=1e-6)
    assert account.log_p_adjusted == pytest.approx(account.log_p + math.log(10))
    assert campaign.log_p_adjusted == campaign.log_p


def test_counts_of_a_record_are_those_of_sets() -> None:
    """Shingles that count, those shared, and how many do not overlap, by hand from the twin; 0 and 15 % edited."""
    for share in (0.0, 0.15):
        suspect = edited(OUTPUTS[7], share, 1)
        (one,) = joined([suspect]).records
        theirs = {value for value, _ in shingles_twin(OUTPUTS[7], SECRET)}
        mine = shingles_twin(suspect, SECRET)
        places, free, phrases = [at for value, at in mine if value in theirs], 0, 0
        for at in places:
            if at >= free:
                phrases, free = phrases + 1, at + SHINGLE_TOKENS
        assert (one.n_shingles, one.n_shared, one.n_phrases) == (len(mine), len(places), phrases)


def test_texts_written_apart_match_nothing() -> None:
    """Of 2,000 innocent texts none is found, and no account is named."""
    match = joined(texts(2000, seed=31))
    assert (match.n_found, match.n_background_found, match.accounts, match.anybody.n_records) == (0, 0, (), 0)


def test_what_was_in_a_prompt_counts_for_nothing() -> None:
    """A text that a customer pasted and the model repeated is not a leak, whoever pasted it."""
    prompts = ["", *OUTPUTS[:-1]]
    index = ServedIndex.of(exchanges(OUTPUTS, prompts), SECRET)
    assert joined(OUTPUTS[:50], index).records == ()
    assert len(joined(OUTPUTS[:50]).records) == 50


def test_what_is_public_counts_for_nothing() -> None:
    """A passage that texts of the background hold is no evidence: those in even places say what is public."""
    background = [(f"b{i}", text) for i, text in enumerate(OUTPUTS[:50] * 2)]
    match = log_match(INDEX, SECRET, named(OUTPUTS[:50:2], "r"), background)
    assert match.records == ()
    assert match.n_records_empty == match.n_records


def test_set_phrases_count_for_nothing() -> None:
    """A record of what 30 outputs hold matches nothing where 29 may hold a shingle, and all 30 where 30 may."""
    (phrase,) = texts(1, seed=77)
    index = ServedIndex.of(exchanges([phrase] * 30 + OUTPUTS[:100]), SECRET)
    assert joined([phrase], index, MatchOptions(most_holders=29)).records == ()
    (one,) = joined([phrase], index, MatchOptions(most_holders=30)).records
    assert (one.n_exchanges, one.n_accounts, one.containment) == (30, 10, 1.0)


def test_an_answer_of_two_accounts_leaves_the_account_open() -> None:
    """Both accounts have the record, neither has it alone."""
    index = ServedIndex.of(exchanges([OUTPUTS[0], OUTPUTS[0], *OUTPUTS[2:]]), SECRET)
    match = joined([OUTPUTS[0]], index)
    assert {(one.name, one.n_records, one.n_alone) for one in match.accounts} == {("a0", 1, 0), ("a1", 1, 0)}
    assert match.records[0].n_accounts == 2


def test_copies_add_nothing() -> None:
    """A record a hundred times counts once; the copies are empty."""
    match = joined([OUTPUTS[1]] * 100)
    assert (match.anybody.n_records, match.n_records_empty, match.n_records) == (1, 99, 100)


def test_p_values_of_innocent_data_sets_are_valid() -> None:
    """Suspects and backgrounds of one kind, both with chance matches: p <= 0.05 and p <= 0.2 come no more often."""
    rng = np.random.default_rng(4)
    mixed = [edited(OUTPUTS[i], 0.45, i) if i % 3 == 0 else text for i, text in enumerate(texts(300, seed=8))]
    p = []
    for _ in range(150):
        order = rng.permutation(300)
        suspect, control = ([mixed[i] for i in part] for part in (order[:100], order[100:]))
        fake = [(f"p{i}", "") for i in range(200)]
        dealt = [one for pair in zip(fake, named(control, "b"), strict=True) for one in pair]
        match = log_match(INDEX, SECRET, named(suspect, "r"), dealt, MatchOptions(phrases_needed=1))
        assert match.n_background == 200
        p.append(math.exp(match.anybody.log_p))
    for level in (0.05, 0.2):
        assert binom.sf(sum(one <= level for one in p) - 1, len(p), level) > 1e-4
    assert min(p) < 0.2


def test_the_rank_of_a_record_is_among_the_background() -> None:
    """Texts of the background that are as surprising, and the record itself, over all; by counting."""
    control = [edited(OUTPUTS[i], 0.05 + i / 200, i) for i in range(60)]
    dealt = [one for text in control for one in (("p", ""), ("b", text))]
    index = ServedIndex.of(exchanges(OUTPUTS), SECRET)
    match = log_match(index, SECRET, named([edited(OUTPUTS[200], 0.15, 3)], "r"), dealt)
    chances = [
        min((one.log_chance for one in log_match(index, SECRET, [("b", text)], []).records), default=0.0)
        for text in control
    ]
    (record,) = match.records
    expected = (1 + sum(chance <= record.log_chance for chance in chances)) / (len(control) + 1)
    assert 1 / 61 < expected < 1
    assert math.exp(record.log_p) == pytest.approx(expected)


def test_the_bound_on_coincidence_is_above_the_exact_tail() -> None:
    """Against the binomial tail times the outputs, wherever that is below one; far below the smallest float too."""
    for shared in range(1, 9):
        exact = 1000 * float(binom.sf(shared - 1, 28, 3 / 1001))
        bound = float(log_chance(shared, 28, 2, 1000))
        assert bound >= min(math.log(exact), 0.0) - 1e-9
        assert bound <= max(math.log(exact), -1e9) + 0.5 or bound <= 0.0
    assert -3000 < float(log_chance(200, 200, 1, 10**6)) < -2000


def test_the_result_comes_back_from_json() -> None:
    """Every field survives; other things, other versions and lost fields are refused."""
    assert LogMatch.from_json(MATCH.to_json()) == MATCH
    assert not any(word.encode() in MATCH.to_json() for word in LEAKED[0].split() if len(word) > 7)
    for wrong in (b"", b"[]", b"7", b"{}", b'{"version": 1}', b'{"version": 1, "records": [{}]}'):
        with pytest.raises(UnreadableSource, match="served outputs"):
            LogMatch.from_json(wrong)
    with pytest.raises(IncompatibleVersion, match="join again"):
        LogMatch.from_json(b'{"version": 2}')


def test_nothing_at_all_is_an_answer() -> None:
    """No records, no background, no index: counts of nothing and p-values of one."""
    empty = log_match(ServedIndex.of(exchanges([]), SECRET), SECRET, [], [])
    assert (empty.n_records, empty.anybody.log_p, empty.records) == (0, 0.0, ())
    alone = log_match(INDEX, SECRET, named(LEAKED, "r"), [])
    assert alone.n_found > 50
    assert [one.log_p for one in alone.accounts] == [0.0]


def test_options_out_of_range_are_refused() -> None:
    """Each is named with what is allowed."""
    for wrong in ({"alpha": 0.0}, {"alpha": 1.0}, {"phrases_needed": 0}, {"most_holders": 0}, {"most_told": -1}):
        with pytest.raises(InvalidInput, match="must be"):
            dataclasses.replace(MatchOptions(), **wrong)
