"""Signal fusion: sixteen weighted per-account signals, as public tools add them up."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.baselines import _signals_content as content
from stillwatch.bench.baselines import _signals_network as network
from stillwatch.bench.baselines import _signals_timing as timing
from stillwatch.bench.baselines._columns import codes, distinct_pairs, fingerprint_columns, openings
from stillwatch.bench.baselines._signals import Floats, Windows
from stillwatch.model.baseline import Setting, Traffic
from stillwatch.sketch.hash import hash_strings

__all__ = ["WEIGHTS", "SignalFusion"]

WEIGHTS: Final[Mapping[str, float]] = {
    "fingerprint": 0.14,
    "velocity": 0.10,
    "chain_of_thought": 0.09,
    "embed": 0.08,
    "hydra": 0.08,
    "timing_cluster": 0.07,
    "asn_classifier": 0.07,
    "http2": 0.06,
    "role_preamble": 0.06,
    "pivot": 0.05,
    "biometric": 0.05,
    "watermark": 0.04,
    "session_gap": 0.04,
    "token_budget": 0.03,
    "refusal_probe": 0.02,
    "sequence_model": 0.02,
}
"""Weights of the sixteen signals; they add up to 1."""

_ALWAYS_S: Final = 1e12
_CLUSTER_BONUS: Final = 0.08
_CLUSTER: Final = 5
_SCRIPTS: Final = r"(?i)python|requests|curl|wget|axios|okhttp|node|go-|java"


class SignalFusion:
    """Weighted sum of sixteen signals, each score x (0.4 + 0.6 x confidence), with a bonus for clusters of five.

    Fourteen signals can be had from logs; HTTP/2 settings and operators' names cannot, and add nothing, as in the
    original. Each signal counts at its worst window. What the original adds for a country (30 % on the sum, 20 % on the
    fingerprint, 0.10 on clusters, and office hours of one time zone) is left out: nobody's nationality is evidence.
    """

    name = "signal_fusion"
    title = "sixteen weighted signals"
    source = "Glasswally (m0rs3c0d3, 2026), its documented rules: engine/fusion.rs and workers/; no paper"

    def settings(self) -> tuple[Setting, ...]:
        """Seconds of a window, 1e12 for one in all; whether a /24 or /48 ties accounts as a payment does."""
        return tuple({"window_s": w, "address_ties": ties} for w in (3600, 86_400, _ALWAYS_S) for ties in (1, 0))

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Sum of the weighted signals, 0 to 1.08; every account can be judged."""
        signals, clusters = _signals(traffic, setting)
        total = np.zeros(len(traffic.account_id))
        for name, values in signals.items():
            total += WEIGHTS[name] * values
        return np.minimum(total + _CLUSTER_BONUS * (clusters.size >= _CLUSTER), 1.0)


def _signals(traffic: Traffic, setting: Setting) -> tuple[dict[str, Floats], network.Clusters]:
    """Every signal that logs allow, by name, and the clusters that some of them rest on."""
    columns = fingerprint_columns(traffic, ["elicitation", "system", "prefix", "tls", "model"])
    account, n_accounts = columns["account"], len(traffic.account_id)
    windows = Windows.cut(account, columns["time_us"], n_accounts, setting["window_s"])
    clusters = _clusters(traffic, columns, address_ties=bool(setting["address_ties"]))
    found = _infrastructure(traffic, columns, clusters)
    found |= _behaviour(traffic, windows)
    found |= _prompts(traffic, windows, account)
    marks = columns["elicitation"]
    found["chain_of_thought"] = content.chain_of_thought(windows, marks)
    found["role_preamble"] = content.role_preamble(windows, columns["system"], marks)
    model = codes(columns["model"])[windows.order]
    found["pivot"] = network.pivot(windows.account, windows.time_us, model, clusters)
    return found, clusters


def _clusters(traffic: Traffic, columns: Mapping[str, NDArray[Any]], *, address_ties: bool) -> network.Clusters:
    n_accounts = len(traffic.account_id)
    everyone = np.arange(n_accounts)
    named = ("payment_fingerprint", "organisation_id")
    groups = [(everyone, codes(hash_strings(traffic.accounts[name]))) for name in named]
    if address_ties:
        groups.append(_account_prefixes(columns))
    return network.clusters_of(groups, n_accounts)


def _account_prefixes(columns: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    prefix = codes(columns["prefix"])
    known = prefix >= 0
    return distinct_pairs(columns["account"][known], prefix[known])[:2]


def _infrastructure(
    traffic: Traffic, columns: Mapping[str, NDArray[Any]], clusters: network.Clusters
) -> dict[str, Floats]:
    account, n_accounts = columns["account"], len(traffic.account_id)
    agents = traffic.read(["user_agent"])["user_agent"]
    is_script = np.asarray(pc.fill_null(pc.match_substring_regex(agents, _SCRIPTS), False).to_numpy())
    payment = codes(hash_strings(traffic.accounts["payment_fingerprint"]))
    n_exchanges = np.bincount(account, minlength=n_accounts)
    return {
        "fingerprint": network.fingerprint_signal(account, columns["tls"], is_script, n_accounts),
        "hydra": network.hydra(clusters, payment, _account_prefixes(columns), n_exchanges),
        "timing_cluster": timing.timing_cluster(account, columns["time_us"], n_accounts),
    }


def _behaviour(traffic: Traffic, windows: Windows) -> dict[str, Floats]:
    table = traffic.read(["input_tokens", "max_tokens", "refusal_category"])
    numbers = {
        name: table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in ("input_tokens", "max_tokens")
    }
    refusal = codes(hash_strings(table["refusal_category"]))
    return {
        "velocity": timing.velocity(windows, numbers["input_tokens"]),
        "session_gap": timing.session_gap(windows),
        "token_budget": timing.token_budget(windows, numbers["max_tokens"]),
        "refusal_probe": content.refusal_probe(windows, refusal),
    }


def _prompts(traffic: Traffic, windows: Windows, account: NDArray[np.int64]) -> dict[str, Floats]:
    texts = traffic.read(["prompt_text"])["prompt_text"]
    n_bytes = pc.fill_null(pc.binary_length(texts), 0).to_numpy().astype(np.float64)
    return {
        "embed": content.embed(account, content.archetype_cosines(texts), windows.n_accounts),
        "biometric": content.biometric(windows, n_bytes, openings(texts, 6), openings(texts, 1)),
        "watermark": content.watermark(account, texts, windows.n_accounts),
        "sequence_model": content.sequence_model(windows, content.topics_of(texts)),
    }
