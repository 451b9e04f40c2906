"""The check: what is here is seen, what is not is looked for, and no more is answered than was looked at."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.share.answers.test_index import Row, local_of
from tests.share.signals import NO_BEHAVIOUR, NOW, indicator, tag

from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Behaviour, Share, SightingAnswer, SignalKind
from stillwatch.share.answers.advice import LONGEST_QUIET
from stillwatch.share.answers.check import Answer, Memory, check, sighting_of
from stillwatch.share.answers.findings import Bars, LocalEvidence, verdict_of
from stillwatch.share.answers.index import TagIndex
from stillwatch.share.warnings.lists import load_warning_lists

ADDRESS, BAND, PAYMENT = SignalKind.ADDRESS, SignalKind.BAND, SignalKind.PAYMENT
SEEN, NOT_SEEN = SightingAnswer.SEEN, SightingAnswer.LOOKED_NOT_SEEN
ALL = {ADDRESS: 0.97, BAND: 1.0}
ROTATED = indicator(
    tags=(*(tag(900 + n) for n in range(40)), *(tag(n, BAND) for n in range(8))), valid_until=NOW + timedelta(days=2)
)
CARRIER = tag(77)


def evidence(family: int) -> LocalEvidence:
    """What the member's own detector says of a family: nothing that passes a bar."""
    return LocalEvidence(family, Verdict.HARVEST, 3.0, 1.0, 30, 900)


def memory(
    rows: list[Row], coverage: Mapping[SignalKind, float] = ALL, behaviour: Mapping[int, Behaviour] | None = None
) -> Memory:
    """A member of 20,000 accounts in 500 families: those rows, and traffic of its own around them."""
    rng = np.random.default_rng(1)
    own: list[Row] = [(10_000 + n, ADDRESS, int(rng.integers(10, 500)), 1000 + n % 3000, False) for n in range(6000)]
    own += [(20_000 + n, BAND, 10 + n // 8, 1000 + n, False) for n in range(2000)]
    index = TagIndex.of(local_of(own + rows), epoch=1, days=14, coverage=coverage, n_accounts=20_000, n_families=500)
    return Memory(index, behaviour or {}, evidence)


def bands(n: int) -> list[Row]:
    """Accounts of family 3 that send a template with so many bands of the campaign's."""
    return [(number, BAND, 3, account, False) for number in range(n) for account in range(30)]


def test_a_campaign_that_rotated_every_address_is_seen_by_its_template() -> None:
    """Six bands of eight; the finding is a lead, with own evidence and the partner's word side by side."""
    answer = check(ROTATED, memory(bands(6)), NOW)
    assert answer.answer is SEEN
    (finding,) = answer.findings
    assert finding.local == evidence(3)
    assert finding.words[0].indicator_id == ROTATED.indicator_id
    assert finding.words[0].tag_kinds == (BAND,)
    assert verdict_of(finding.local, Bars(20.0, 6.0)) is None


def test_what_is_not_here_is_looked_for_and_not_seen() -> None:
    """With days and the coverage of the kind that was covered least, rounded down."""
    answer = check(ROTATED, memory([]), NOW)
    assert answer == Answer(NOT_SEEN, 14, 0.95, (ADDRESS, BAND), ())


def test_two_bands_or_one_address_are_not_enough() -> None:
    """Chance gives that to somebody among 500 families."""
    assert check(ROTATED, memory(bands(2)), NOW).answer is NOT_SEEN
    assert check(ROTATED, memory([(900, ADDRESS, 3, 5, False)]), NOW).answer is NOT_SEEN


def test_some_addresses_in_one_family_are_enough() -> None:
    """Four of forty, each in an account of its own."""
    rows: list[Row] = [(900 + n, ADDRESS, 3, n, False) for n in range(4)]
    assert check(ROTATED, memory(rows), NOW).answer is SEEN


def test_a_carriers_address_hits_nothing() -> None:
    """With a thousand accounts behind it by its rarity; on a warning list not at all."""
    told = indicator(tags=(CARRIER,))
    crowd: list[Row] = [(77, ADDRESS, n % 500, n, False) for n in range(1000)]
    assert check(told, memory(crowd), NOW).answer is NOT_SEEN
    is_listed = bool(load_warning_lists().lists_of_addresses(["100.64.0.9"])[0] >= 0)
    rows: list[Row] = [(n, ADDRESS, 3, n, is_listed) for n in range(900, 940)]
    assert check(ROTATED, memory(rows), NOW).answer is NOT_SEEN


def test_benign_rates_of_others_undo_a_match() -> None:
    """What one account in two has elsewhere is no sighting here."""
    rows: list[Row] = [(900 + n, ADDRESS, 3, n, False) for n in range(3)]
    assert check(ROTATED, memory(rows), NOW, [0.0, 0.0, 0.0]).answer is SEEN
    assert check(ROTATED, memory(rows), NOW, [0.5, 0.4, 0.6]).answer is NOT_SEEN


def test_benign_rates_take_nothing_from_a_template() -> None:
    """An address that half of the world shares says nothing of six bands in one family."""
    assert check(ROTATED, memory(bands(6)), NOW, [0.5]).findings == check(ROTATED, memory(bands(6)), NOW).findings != ()


def test_behaviour_supports_a_match_and_makes_none() -> None:
    """Two payments and the same unusual behaviour are seen; either alone is not."""
    usual = Behaviour({"plain": Share.MOST}, {"plain": Share.MOST}, builds=("curl/8",))
    odd = Behaviour({"reasoning": Share.MOST}, {"reasoning": Share.MOST}, builds=("openai-python/2",))
    local = dict.fromkeys(range(500), usual) | {3: odd}
    told = indicator(tags=tuple(tag(n, PAYMENT) for n in range(4)), behaviour=odd)
    rows: list[Row] = [(0, PAYMENT, 3, 1, False)]
    seen = [
        check(replace(told, behaviour=how), memory(having, {PAYMENT: 1.0}, local), NOW).answer
        for how, having in ((odd, rows), (NO_BEHAVIOUR, rows), (odd, []))
    ]
    assert seen == [SEEN, NOT_SEEN, NOT_SEEN]


@pytest.mark.parametrize(
    ("told", "coverage"),
    [
        (indicator(tags=()), ALL),
        (indicator(tags=(tag(1, epoch=2),)), ALL),
        (indicator(), {BAND: 1.0}),
        (indicator(), {ADDRESS: 0.04}),
        (indicator(valid_from=NOW - timedelta(days=9), valid_until=NOW), ALL),
    ],
)
def test_what_could_not_be_compared_is_not_answered(told: object, coverage: Mapping[SignalKind, float]) -> None:
    """No tags, another epoch, a kind that is not covered, an indicator that is over: silence is no negative answer."""
    answer = check(told, memory([], coverage), NOW)  # type: ignore[arg-type]
    assert answer.answer is None
    assert sighting_of(answer, "i", "s", NOW) is None


def test_what_crosses_holds_no_finding() -> None:
    """Answer, days, coverage, kinds and a rate, nothing of families."""
    answer = check(ROTATED, memory(bands(6)), NOW)
    sighting = sighting_of(answer, ROTATED.indicator_id, "s", NOW, 0.0)
    assert sighting is not None
    assert (sighting.answer, sighting.days, sighting.coverage) == (SEEN, 14, 0.95)
    assert (sighting.tag_kinds, sighting.benign_rate) == ((ADDRESS, BAND), 0.0)


@pytest.mark.parametrize("hours", [1, 71, 72, 1000])
def test_advice_to_keep_quiet_changes_no_answer(hours: int) -> None:
    """The check is the same with and without."""
    quiet = replace(ROTATED, quiet_until=NOW + timedelta(hours=hours))
    assert timedelta(hours=71) < LONGEST_QUIET
    for rows in ([], bands(6)):
        assert check(quiet, memory(rows), NOW) == check(ROTATED, memory(rows), NOW)
