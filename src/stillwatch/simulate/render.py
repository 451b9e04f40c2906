"""Drafts written out as exchanges: texts joined, ids made, tokens and prices filled in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.clients import MODELS, PROVIDER, Clients
from stillwatch.simulate.corpora import Corpora
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.networks import COUNTRIES, Networks

__all__ = ["Renderer"]

_REFUSALS = ("safety", "copyright", "privacy")
_ERRORS = {429: 0.011, 500: 0.002, 529: 0.002}


def _pick(values: list[Any], places: IntArray, kind: pa.DataType) -> pa.Array:
    """Values of a small list by place."""
    return pa.array(values, kind).take(pa.array(places))


def _nulled(values: npt.NDArray[Any], null: npt.NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """Numbers, with nulls where `null`."""
    return pa.array(values, mask=null).cast(kind)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Turns draft rows into rows of EXCHANGE.

    texts      The library's shelf.
    salt       Makes this run's ids its own.
    corpora    Real lengths of requests and answers and real reuse of prefixes; None for distributions like them.
    """

    texts: pa.Array
    clients: Clients
    networks: Networks
    account_ids: pa.Array
    organisation_ids: pa.Array
    salt: int
    corpora: Corpora | None

    def render(self, rng: np.random.Generator, draft: Draft, first: int) -> pa.Table:
        """Write out rows; `first` is the number of the first row, which its id is made from."""
        n = len(draft)
        columns: dict[str, pa.Array] = {
            "exchange_id": hex_ids("xch_", np.arange(first, first + n), self.salt),
            "time": pa.array(draft["time_us"], pa.timestamp("us", tz="UTC")),
            "account_id": self.account_ids.take(pa.array(draft["account"])),
            "organisation_id": self.organisation_ids.take(pa.array(draft["account"])),
            "end_user_id": hex_ids("user-", draft["end_user"], self.salt + 1),
            "operation": pa.array(["chat"]).take(pa.array(np.zeros(n, np.int64))),
            "provider": pa.array([PROVIDER]).take(pa.array(np.zeros(n, np.int64))),
            "system_text": self._system(draft),
            "prompt_text": self._prompt(draft),
            "turn_count": pa.array(draft["turn"].astype(np.int32)),
            "has_tools": pa.array(draft["tools"]),
            "output_text": pa.nulls(n, pa.string()),
            **self._client(draft),
            **self._network(draft),
            **self._parameters(draft),
        }
        columns |= self._usage(rng, draft, columns)
        return pa.table([columns[name] for name in EXCHANGE.names], schema=EXCHANGE)

    def _prompt(self, draft: Draft) -> pa.Array:
        """The pieces of each prompt, joined."""
        names = [name for name in ("lead", "body", "middle", "extra", "tail") if draft[name].any()]
        pieces = [self.texts.take(pa.array(draft[name])) for name in names] or [
            self.texts.take(pa.array(draft["body"]))
        ]
        return pc.binary_join_element_wise(*pieces, "")

    def _system(self, draft: Draft) -> pa.Array:
        return self.texts.take(pa.array(draft["system"], mask=draft["system"] == 0))

    def _client(self, draft: Draft) -> dict[str, pa.Array]:
        """What the client says of itself, sessions and conversations included."""
        builds, place = self.clients.builds, draft["build"]
        sessions = np.array([b.names_sessions for b in builds])[place]
        talks = np.array([b.names_conversations for b in builds])[place]
        return {
            "client_build": _pick([b.client_build for b in builds], place, pa.string()),
            "user_agent": _pick([b.user_agent for b in builds], place, pa.string()),
            "tls_fingerprint": _pick([b.tls for b in builds], place, pa.string()),
            "session_id": hex_ids("ses_", np.where(sessions, draft["session"], -1), self.salt + 2),
            "conversation_id": hex_ids("conv_", np.where(talks, draft["conversation"], -1), self.salt + 3),
        }

    def _network(self, draft: Draft) -> dict[str, pa.Array]:
        network = draft["network"]
        return {
            "client_address": self.networks.addresses(network.astype(np.int64), draft["host"]),
            "client_asn": pa.array(self.networks.asn[network]),
            "client_country": _pick(list(COUNTRIES), self.networks.country[network], pa.string()),
        }

    def _parameters(self, draft: Draft) -> dict[str, pa.Array]:
        names = ("temperature", "top_p", "max_tokens", "choice_count", "wants_logprobs", "reasoning_effort")
        settings, place = self.clients.settings, draft["setting"]
        columns = {
            name: _pick([getattr(s, name) for s in settings], place, EXCHANGE.field(name).type) for name in names
        }
        return columns | {"model": _pick([model.name for model in MODELS], draft["model"], pa.string())}

    def _lengths(
        self, rng: np.random.Generator, draft: Draft, columns: dict[str, pa.Array]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Tokens of earlier turns and tools, tokens of an answer of length 1, and the share of input that is cached."""
        n, turn, tools = len(draft), draft["turn"], draft["tools"]
        if self.corpora is None:
            length = rng.lognormal(5.03, 0.85, n)
            return (turn - 1.0) * rng.lognormal(5.4, 0.4, n), length, np.where(rng.random(n) < 0.7, 0.75, 0.0)
        chat, code = self.corpora.chat_tokens, self.corpora.code_tokens
        request = rng.integers(len(chat), size=n)
        # a conversation has the length of a real one from its fourth turn on; tools come with files and definitions
        talked = chat[request, 0] * np.minimum((turn - 1.0) / 3.0, 1.0)
        offered = np.where(tools, rng.choice(code[:, 0], n), 0.0)
        again = (turn > 1) | tools | columns["system_text"].is_valid().to_numpy(zero_copy_only=False)
        reused = np.where(again, rng.choice(self.corpora.prefixes.reused, n), 0.0)
        return talked + offered, chat[request, 1], reused

    def _usage(self, rng: np.random.Generator, draft: Draft, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Tokens, price, status and how the answer ended."""
        n, model = len(draft), draft["model"]
        context, length, reused = self._lengths(rng, draft, columns)
        answer = np.maximum(1.0, length * draft["length"] * rng.lognormal(0.0, 0.25, n))
        thinks = np.array([m.reasons for m in MODELS])[model] | columns["reasoning_effort"].is_valid().to_numpy(False)
        reasoning = np.where(thinks, rng.lognormal(6.2, 0.9, n), 0.0).astype(np.int64)
        output = answer.astype(np.int64) + reasoning
        cap = columns["max_tokens"].fill_null(2**30).to_numpy().astype(np.int64)
        cut, output = output > cap, np.minimum(output, cap)
        reasoning = np.minimum(reasoning, output)
        system = pc.utf8_length(columns["system_text"]).fill_null(0).to_numpy()
        tokens_in = ((system + pc.utf8_length(columns["prompt_text"]).to_numpy()) / 4.1 + 8 + context).astype(np.int64)
        cached = np.where(tokens_in > 1_024, (tokens_in * reused).astype(np.int64) // 128 * 128, 0)
        status = rng.choice([200, *_ERRORS], n, p=[1 - sum(_ERRORS.values()), *_ERRORS.values()])
        failed, refused = status != 200, (rng.random(n) < 0.005) & (status == 200)
        price_in = np.array([m.input_price for m in MODELS])[model]
        price_out = np.array([m.output_price for m in MODELS])[model]
        cost = ((tokens_in - 0.9 * cached) * price_in + output * price_out) / 1e6
        ended = np.where(refused, 2, np.where(cut, 1, 0))
        return {
            "output_tokens": _nulled(output, failed, pa.int32()),
            "input_tokens": pa.array(tokens_in).cast(pa.int32()),
            "reasoning_tokens": _nulled(reasoning, failed, pa.int32()),
            "cached_tokens": _nulled(cached, failed, pa.int32()),
            "cost_usd": pa.array(np.where(failed, 0.0, cost)),
            "status_code": pa.array(status).cast(pa.int32()),
            "finish_reason": pa.array(["stop", "length", "refusal"]).take(pa.array(ended, mask=failed)),
            "refusal_category": pa.array(_REFUSALS).take(pa.array(rng.integers(len(_REFUSALS), size=n), mask=~refused)),
        }
