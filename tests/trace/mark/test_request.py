"""Marking one answer: whose numbers draw where, that the text stays the model's, and that the tests find it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from stillwatch.errors import InvalidInput
from stillwatch.trace.keys.key import MarkKey, Purpose, derive
from stillwatch.trace.mark import green, gumbel
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import contexts, seed, uniforms
from stillwatch.trace.mark.request import Lane, MarkKeys, Plan, marked_batch, marked_token, numbers_at
from stillwatch.trace.mark.slots import ACCOUNT, GLOBAL, code_words, slots, symbol_uniforms

MASTER = bytes(range(32))
ACCOUNT_KEY = derive(MASTER, Purpose.ACCOUNT, "acct-1", "e")
CAMPAIGN_KEY = derive(MASTER, Purpose.CAMPAIGN, "c-1", "e")
PROVIDER_KEY = derive(MASTER, Purpose.GLOBAL, "", "e")
SYMBOL_KEY = derive(MASTER, Purpose.SYMBOL, "", "e")
ALL = MarkKeys(ACCOUNT_KEY, CAMPAIGN_KEY, PROVIDER_KEY, SYMBOL_KEY)
VOCABULARY = 64


def answer(keys: MarkKeys, scheme: Scheme, length: int, of_seed: int = 0) -> list[int]:
    """Tokens of an answer of a model whose logits are random at each place."""
    generator = np.random.default_rng(of_seed)
    lane, tokens = Lane(keys, scheme), list[int]()
    for _ in range(length):
        tokens.append(marked_token(generator.normal(size=VOCABULARY), lane.plan(tokens), scheme, generator))
    return tokens


def plan_twin(tokens: list[int], keys: MarkKeys, scheme: Scheme) -> Plan:
    """The plan from the whole answer, by the words of the module's docstring."""
    width, wide = scheme.account_width, scheme.campaign_width
    raising = seed(CAMPAIGN_KEY.words, tokens[-wide:]) if keys.campaign and len(tokens) >= wide else None
    places = range(width, len(tokens))
    had = {tuple(tokens[i - width : i]) for i in places}
    context = tokens[-width:]
    if keys.account is None or len(tokens) < width or tuple(context) in had:
        return Plan(raising)
    turn = slots(PROVIDER_KEY, [*context, 0], np.array([width]), scheme)[0] if scheme.has_slots else ACCOUNT
    if turn in {ACCOUNT, GLOBAL}:
        key = ACCOUNT_KEY if turn == ACCOUNT else PROVIDER_KEY
        return Plan(raising, seed(key.words, context), 0)
    value = int(code_words(SYMBOL_KEY, ["acct-1"])[0, turn])
    return Plan(raising, seed(SYMBOL_KEY.words, context), (int(turn) * 32 + value) << 32)


@given(
    st.lists(st.integers(0, 2), max_size=40),
    st.sampled_from([Scheme(), Scheme(account_width=1, campaign_width=3), Scheme(global_share=0.3, symbol_share=0.4)]),
    st.sampled_from([ALL, MarkKeys(campaign=CAMPAIGN_KEY), MarkKeys()]),
)
def test_plans_are_those_of_the_twin(tokens: list[int], scheme: Scheme, keys: MarkKeys) -> None:
    """For any answer, at each of its places, given token by token or at once."""
    lane = Lane(keys, scheme)
    found = [lane.plan(tokens[:i]) for i in range(len(tokens) + 1)]
    assert found == [plan_twin(tokens[:i], keys, scheme) for i in range(len(tokens) + 1)]
    assert Lane(keys, scheme).plan(tokens) == found[-1]


@given(st.integers(0, 30), st.integers(0, 31))
def test_numbers_of_a_plan_are_those_that_the_search_asks_for(place: int, value: int) -> None:
    """The stream of an account's seed and that of a symbol."""
    context = [1, 2, 3, 4]
    plain = numbers_at(seed(ACCOUNT_KEY.words, context), 0, 50)
    assert np.array_equal(plain, uniforms(ACCOUNT_KEY.words, context, 50))
    symbol = numbers_at(seed(SYMBOL_KEY.words, context), (place * 32 + value) << 32, 50)
    assert np.array_equal(symbol, symbol_uniforms(SYMBOL_KEY, context, (place, value), 50))


def test_over_keys_the_text_is_the_models_own() -> None:
    """Of 4,000 keys, each token is drawn as often as its probability says: binomial at every token."""
    logits = np.log([0.5, 0.3, 0.15, 0.05])
    keys = [derive(MASTER, Purpose.ACCOUNT, str(i), "e") for i in range(4000)]
    plans = [Lane(MarkKeys(key), Scheme()).plan([1, 2, 3, 0]) for key in keys]
    tokens = marked_batch(np.tile(logits, (4000, 1)), plans, Scheme(), np.random.default_rng(0))
    counts = np.bincount(tokens, minlength=4)
    for count, p in zip(counts, np.exp(logits), strict=True):
        assert 1e-4 < binom.cdf(count, 4000, p) < 1 - 1e-4


def account_log_p(tokens: list[int], key: MarkKey) -> float:
    """The account's test: scores over contexts that count once."""
    _, first = np.unique(contexts(tokens, 4), return_index=True)
    numbers = [uniforms(key.words, tokens[i : i + 4], VOCABULARY)[tokens[i + 4]] for i in first]
    return gumbel.log_tail(float(gumbel.scores(np.array(numbers)).sum()), len(numbers))


def campaign_log_p(tokens: list[int], key: MarkKey) -> float:
    """The campaign's test: green tokens over contexts that count once."""
    _, first = np.unique(contexts(tokens, 2), return_index=True)
    numbers = np.array([uniforms(key.words, tokens[i : i + 2], VOCABULARY)[tokens[i + 2]] for i in first])
    return green.log_tail(int(green.is_green(numbers, 0.5).sum()), len(numbers), 0.5)


def test_both_layers_are_found_in_one_answer_and_only_with_their_keys() -> None:
    """300 tokens carry the account beyond 1e-50 and the campaign beyond 1e-6; other keys find nothing."""
    tokens = answer(MarkKeys(ACCOUNT_KEY, CAMPAIGN_KEY), Scheme(delta=2.0), 300)
    assert account_log_p(tokens, ACCOUNT_KEY) < np.log(1e-50)
    assert campaign_log_p(tokens, CAMPAIGN_KEY) < np.log(1e-6)
    assert account_log_p(tokens, CAMPAIGN_KEY) > np.log(1e-4)
    assert campaign_log_p(tokens, ACCOUNT_KEY) > np.log(1e-4)


def test_answers_of_others_give_uniform_p_values() -> None:
    """Of 300 answers of other accounts, p-values under one key are uniform."""
    found = [
        account_log_p(answer(MarkKeys(CAMPAIGN_KEY), Scheme(), 40, of_seed), ACCOUNT_KEY) for of_seed in range(300)
    ]
    assert kstest(np.exp(found), "uniform").pvalue > 1e-3


def test_a_certain_model_repeats_nothing_by_the_mark() -> None:
    """Where contexts come back the draw is ordinary: a model of two tokens still gives both after any context."""
    tokens = np.array([marked_answer % 2 for marked_answer in _coin_answer(400)])
    assert 140 < tokens.sum() < 260
    again = np.array([marked_answer % 2 for marked_answer in _coin_answer(400, of_seed=1)])
    assert (tokens[40:] != again[40:]).mean() > 0.3


def _coin_answer(length: int, of_seed: int = 0) -> list[int]:
    generator = np.random.default_rng(of_seed)
    lane, tokens = Lane(MarkKeys(ACCOUNT_KEY), Scheme()), list[int]()
    for _ in range(length):
        tokens.append(marked_token([0.0, 0.0], lane.plan(tokens), Scheme(), generator))
    return tokens


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 63))
def test_what_was_cut_is_never_drawn(of_seed: int, kept: int) -> None:
    """Tokens that grammar or top-k removed stay removed under both layers."""
    generator = np.random.default_rng(of_seed)
    logits = np.where(np.arange(VOCABULARY) < kept, generator.normal(size=VOCABULARY), -np.inf)
    for plan in (Plan(), Plan(raising=of_seed), Plan(drawing=of_seed), Plan(of_seed, of_seed + 1)):
        assert marked_token(logits, plan, Scheme(delta=20.0), generator) < kept


def test_tokens_that_are_still_on_their_way_are_waited_for() -> None:
    """A placeholder below 0 leaves the next draw ordinary and nothing behind."""
    lane = Lane(ALL, Scheme())
    assert lane.plan([1, 2, 3, -1]) == Plan()
    assert lane.plan([1, 2, 3, 4]) == Lane(ALL, Scheme()).plan([1, 2, 3, 4])


def test_bad_use_is_refused() -> None:
    """Reordered rows, missing keys, no possible token, rows that do not fit."""
    lane = Lane(ALL, Scheme())
    lane.plan([1, 2, 3])
    with pytest.raises(InvalidInput, match="without beams"):
        lane.plan([1, 2, 4, 5])
    with pytest.raises(InvalidInput, match="needs the keys provider and symbol"):
        Lane(MarkKeys(ACCOUNT_KEY), Scheme(symbol_share=0.5))
    generator = np.random.default_rng(0)
    for logits in ([-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 0.0]):
        with pytest.raises(InvalidInput, match="token possible"):
            marked_token(logits, Plan(), Scheme(), generator)
    with pytest.raises(InvalidInput, match="a row for each of 1 answers"):
        marked_batch([0.0, 1.0], [Plan()], Scheme(), generator)
