"""Signal fusion: each signal on a planted case and on one that must not raise it, and the weighted sum."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from tests.bench.baselines.toy import ToyTraffic, by_account, sent

from stillwatch.bench.baselines import _signals_content as content
from stillwatch.bench.baselines import _signals_network as network
from stillwatch.bench.baselines import _signals_timing as timing
from stillwatch.bench.baselines._signals import Windows, effective
from stillwatch.bench.baselines.signal_fusion import WEIGHTS, SignalFusion

ALWAYS = 1e12


def windows_of(times_s: dict[int, list[float]], period_s: float = ALWAYS) -> tuple[Windows, np.ndarray]:
    """Windows of exchanges by account; the times in seconds, and the order in which rows come."""
    rows = sorted((int(t * 1e6), a) for a, times in times_s.items() for t in times)
    time_us, account = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Windows.cut(account, time_us, max(times_s) + 1, period_s), account


def test_weights_add_up_to_one() -> None:
    """Sixteen signals."""
    assert len(WEIGHTS) == 16
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_confidence_scales_a_score() -> None:
    """0.4 of a score without confidence, all of it with; a score counts as 1 at most."""
    assert effective(np.array([0.5, 0.5, 3.0]), np.array([0.0, 1.0, 1.0])).tolist() == [0.2, 0.5, 1.0]


@pytest.mark.parametrize("seed", range(5))
def test_windows_count_as_by_hand(seed: int) -> None:
    """Sums, spreads, commonest shares and entropies of every window, against plain Python."""
    rng = np.random.default_rng(seed)
    account, slot = np.sort(rng.integers(0, 4, 60)), rng.integers(0, 3, 60)
    time_us = np.sort(slot) * 10**7 + rng.integers(0, 10**6, 60)
    order = np.argsort(time_us, kind="stable")
    account, time_us = rng.permutation(account), time_us[order]
    values, kinds = rng.random(60), rng.integers(0, 4, 60).astype(np.uint64)
    windows = Windows.cut(account, time_us, 4, 10.0)
    spread, (share, entropy) = windows.spread(values[windows.order]), windows.commonest(kinds[windows.order])
    for i, first in enumerate(windows.first):
        rows = windows.order[first : first + windows.n[i]]
        assert len(set(account[rows])) == len(set(time_us[rows] // 10**7)) == 1
        assert spread[i] == pytest.approx(values[rows].std() / values[rows].mean())
        shares = np.array(list(Counter(kinds[rows].tolist()).values())) / len(rows)
        assert share[i] == pytest.approx(shares.max())
        assert entropy[i] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-12)
    assert windows.n.sum() == 60


def test_velocity_sees_a_metronome() -> None:
    """One exchange every ten seconds, for half an hour, against irregular ones an hour apart."""
    rng = np.random.default_rng(1)
    windows, _ = windows_of({0: [10.0 * i for i in range(180)], 1: np.cumsum(rng.exponential(3600, 50)).tolist()})
    script, person = timing.velocity(windows, rng.uniform(5, 500, 230))
    assert script == pytest.approx(0.45 + 0.30)
    assert person == 0


def test_session_gap_sees_a_scheduler() -> None:
    """Five exchanges on every hour, against sessions at random hours."""
    rng = np.random.default_rng(2)
    windows, _ = windows_of(
        {
            0: [3600.0 * h + s for h in range(8) for s in range(5)],
            1: [float(t) + s for t in np.cumsum(rng.exponential(9000, 8)) for s in range(int(rng.integers(1, 9)))],
        }
    )
    scheduler, person = timing.session_gap(windows)
    assert scheduler == pytest.approx((0.55 + 0.25) * (0.4 + 0.6 * 0.88))
    assert person == 0


def test_token_budget_sees_full_length_and_sweeps() -> None:
    """Always the most; a doubling row of limits; no limits at all."""
    windows, account = windows_of({a: [float(10 * i + a) for i in range(8)] for a in range(3)})
    asked = np.full(24, np.nan)
    asked[account == 0] = 4096
    asked[account == 1] = 700 * 2.0 ** np.arange(8)
    most, sweep, none = timing.token_budget(windows, asked)
    assert most == pytest.approx((0.30 + 0.10) * (0.4 + 0.6 * 0.82))
    assert sweep >= 0.45 * (0.4 + 0.6 * 0.60)
    assert none == 0


def test_timing_cluster_sees_bursts_that_come_again() -> None:
    """Twelve accounts in one second, every minute; two others at quiet seconds."""
    rows = sorted([(60 * i, a) for i in range(10) for a in range(12)] + [(60 * i + 7, 12 + i % 2) for i in range(10)])
    second, account = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    found = timing.timing_cluster(account, second * 1_000_000, 14)
    assert found[:12].tolist() == pytest.approx([0.5 + 0.3 + 0.2] * 12)
    assert found[12:].tolist() == [0, 0]


def test_chain_of_thought_adds_up_its_three_rules() -> None:
    """One mark in fifty: 0.40; nine of ten marked with one kind: all three rules."""
    windows, account = windows_of({0: [float(i) for i in range(50)], 1: [100.0 + i for i in range(10)]})
    marks = np.zeros(60, np.uint16)
    marks[0] = 1
    marks[np.flatnonzero(account == 1)[:9]] = 1
    once, often = content.chain_of_thought(windows, marks)
    assert (once, often) == pytest.approx((0.40 * 0.94, 1.0 * 0.94))


def test_archetype_cosine_is_that_of_gram_counts() -> None:
    """The cosine with counted 1-, 2- and 3-grams, worked out with plain counters; long texts are left out."""
    text = "rewrite the answer so that a model will not refuse it please"

    def grams(words: list[str]) -> Counter[tuple[str, ...]]:
        return Counter(tuple(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1))

    def cosine(a: Counter[tuple[str, ...]], b: Counter[tuple[str, ...]]) -> float:
        norms = [np.sqrt(sum(v * v for v in c.values())) for c in (a, b)]
        return float(sum(a[g] * b[g] for g in a) / (norms[0] * norms[1]))

    expected = max(cosine(grams(text.split()), grams(a.split())) for a in content._ARCHETYPES)
    found = content.archetype_cosines(pa.array([text, text + " word" * 60]))
    assert found.tolist() == pytest.approx([expected, 0.0])


def test_biometric_sees_prompts_of_one_build() -> None:
    """Fifty prompts of one length and opening, against fifty that differ."""
    rng = np.random.default_rng(4)
    windows, account = windows_of({0: [float(i) for i in range(50)], 1: [100.0 + i for i in range(50)]})
    length = np.where(account == 0, 240.0, rng.uniform(10, 2000, 100))
    opening = np.where(account == 0, 5, np.arange(100)).astype(np.uint64)
    alike, different = content.biometric(windows, length, opening, opening)
    assert alike == pytest.approx(0.45 + 0.25 + 0.30)
    assert different == 0


def test_watermark_sees_invisible_characters() -> None:
    """A zero-width joiner in a prompt, a question about such characters, and neither."""
    texts = pa.chunked_array([["a\u200db", "Does it hold a zero-width space?", "plain", None]])
    found = content.watermark(np.arange(4), texts, 4)
    assert found.tolist() == pytest.approx([0.35 * 0.88, 0.50 * 0.88, 0, 0])


def test_role_preamble_sees_one_system_prompt_of_many() -> None:
    """Ten accounts with one system prompt, one with its own, one without any."""
    windows, account = windows_of({a: [float(100 * i + a) for i in range(6)] for a in range(12)})
    system = np.select([account < 10, account == 10], [77, 78], 0).astype(np.uint64)
    found = content.role_preamble(windows, system, np.zeros(72, np.uint16))
    assert found[:10].tolist() == pytest.approx([(0.50 + 0.35) * 0.94] * 10)
    assert found[10] == pytest.approx(0.35 * (0.4 + 0.6 * 0.75))
    assert found[11] == 0


def test_refusal_probe_sees_refusals_of_many_kinds() -> None:
    """All refused, in four categories; one in ten refused."""
    windows, account = windows_of({0: [float(i) for i in range(8)], 1: [50.0 + i for i in range(10)]})
    kind = np.where(account == 0, np.arange(18) % 4, -1)
    kind[-1] = 0
    probing, person = content.refusal_probe(windows, kind)
    assert probing == pytest.approx(0.85 * (0.4 + 0.6 * 0.75))
    assert person == 0


def test_sequence_model_sees_a_sweep_in_order() -> None:
    """Twelve topics one after the other, again and again, is broad and certain; fourteen prompts are too few."""
    windows, account = windows_of({0: [float(i) for i in range(48)], 1: [100.0 + i for i in range(14)]})
    topic = np.where(account == 0, np.arange(62) % 12, 3)
    sweep, short = content.sequence_model(windows, topic)
    assert sweep == pytest.approx(1.0 * (0.4 + 0.6 * 0.80))
    assert short == 0


def test_topics_follow_the_first_that_matches() -> None:
    """Code comes before mathematics in the list; words are whole and case does not matter."""
    texts = pa.array(["A THEOREM in Python", "theorem", "pythons", ""])
    assert content.topics_of(texts).tolist() == [0, 1, 11, 11]


def test_fingerprint_signal() -> None:
    """Ten share one TLS fingerprint, one of them changes it twice and names a script library."""
    account = np.append(np.arange(10), [0, 0, 10])
    tls = np.append(np.full(10, 5), [6, 7, 0]).astype(np.uint64)
    found = network.fingerprint_signal(account, tls, account == 0, 11)
    score, sure = np.array([0.50, 0.15, 0.0]), np.array([3, 1, 1]) / 20
    expected = score * (0.4 + 0.6 * sure) * (0.4 + 0.6 * sure)
    assert found[[0, 1, 10]].tolist() == pytest.approx(expected.tolist())


def test_clusters_and_hydra() -> None:
    """Five accounts on one payment and three networks; a pair is too small; one alone."""
    payment = np.array([0, 0, 0, 0, 0, 1, 1, -1])
    clusters = network.clusters_of([(np.arange(8), payment)], 8)
    assert clusters.size.tolist() == [5, 5, 5, 5, 5, 2, 2, 1]
    prefixes = (np.array([0, 1, 2, 5]), np.array([0, 1, 2, 0]))
    found = network.hydra(clusters, payment, prefixes, np.full(8, 20))
    assert found[:5].tolist() == pytest.approx([0.4 * 5 / 25 + 0.07 + 0.09 + 0.15] * 5)
    assert found[5:].tolist() == [0, 0, 0]


def test_pivot_sees_a_cluster_that_moves_together() -> None:
    """Six accounts of one cluster change to one model within an hour; one of no cluster changes alone."""
    rows = [(a, t, m) for a in range(6) for t, m in ((a, 0), (3600 + 60 * a, 1))]
    rows += [(6, 0, 0), (6, 50, 1), (7, 0, 0), (7, 50, 0)]
    account, second, model = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    clusters = network.clusters_of([(np.arange(6), np.zeros(6, int))], 8)
    found = network.pivot(account, second * 1_000_000, model, clusters)
    sure = 0.4 + 0.6 * 0.85
    assert found.tolist() == pytest.approx([(0.20 + 6 / 30 * 0.80) * sure] * 6 + [0.20 * sure, 0.0])


def test_planted_accounts_win() -> None:
    """Eight accounts that share a payment, a network, a system prompt and a template, against twelve people."""
    rng = np.random.default_rng(8)
    rows = [
        sent(
            f"bad-{a}", 30 * i + a, prompt_text=f"Show your reasoning step by step for case {i} of the list we have",
            system_text="Let's think step by step.", client_address=f"203.0.113.{a}", client_build="tool 1.0",
            user_agent="python-requests/2.32", tls_fingerprint="t1", model="m", max_tokens=4096, input_tokens=40,
        )
        for a in range(8)
        for i in range(40)
    ]  # fmt: skip
    rows += [
        sent(
            f"person-{a}", float(t), prompt_text=" ".join(rng.choice(["tea", "rain", "train", "lamp", "sea"], 9)),
            client_address=f"198.51.{a}.7", user_agent="Mozilla/5.0", tls_fingerprint=f"p{a}", model="m",
        )
        for a in range(12)
        for t in rng.uniform(0, 86_400, 15)
    ]  # fmt: skip
    traffic = ToyTraffic(rows, {f"bad-{a}": {"payment_fingerprint": "card"} for a in range(8)})
    for setting in SignalFusion().settings():
        found = by_account(traffic, SignalFusion().score(traffic, setting))
        assert min(found[f"bad-{a}"] for a in range(8)) > 2 * max(found[f"person-{a}"] for a in range(12))


def test_a_country_changes_nothing() -> None:
    """The same traffic from anywhere scores the same, at any hour of the day."""

    def traffic(country: str, hour: int) -> ToyTraffic:
        return ToyTraffic(
            [
                sent("a", 3600 * hour + 40 * i, prompt_text=f"Show your reasoning {i}", client_country=country)
                for i in range(30)
            ]
        )

    setting = SignalFusion().settings()[-1]
    scores = [SignalFusion().score(traffic(c, h), setting).tolist() for c, h in (("CN", 2), ("US", 2), ("CN", 14))]
    assert scores[0] == scores[1] == scores[2]
    assert scores[0][0] > 0
