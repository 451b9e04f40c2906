"""Columns of a unit's exchanges, and the tables they become."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.second_hand.traffic import Made
from stillwatch.bench.third_hand.clock import Ints
from stillwatch.bench.third_hand.roster import Addresses, Book
from stillwatch.bench.third_hand.scene import KNOBS, Scene
from stillwatch.bench.third_hand.spinning import picked
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import EXCHANGE, TIME_TYPE
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.truth import TRUTH_ACCOUNT, TRUTH_EXCHANGE

__all__ = ["PIECE", "Draft", "Truth", "accounts", "merged", "table"]

PIECE: Final = 250_000
"""Rows whose texts are written at once: a column of text must stay below 2 GiB."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Rows of a unit; whole numbers are places in the tables beside them or raw ids, -1 for null."""

    time_us: Ints
    account: Ints
    conversation: Ints
    session: Ints
    end_user: Ints
    turn: Ints
    client: Ints
    address: Ints
    knob: Ints
    model: pa.Array
    prompt: pa.Array
    system: pa.Array
    status: Ints
    has_tools: NDArray[np.bool_]
    answer_tokens: float = 380.0
    provider: pa.Array | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Whose the rows are: `harvest` is true for those of the harvest of `campaign`."""

    population: str
    entity: pa.Array
    campaign: str | None
    harvest: NDArray[np.bool_]


def _tokens(rng: np.random.Generator, draft: Draft, scene: Scene) -> dict[str, pa.Array]:
    """Tokens, price and how the answer ended."""
    n = len(draft.time_us)
    text = pc.add(pc.fill_null(pc.utf8_length(draft.system), 0), pc.utf8_length(draft.prompt)).to_numpy()
    history = (draft.turn - 1) * (draft.answer_tokens * 0.8 + 60) * rng.uniform(0.6, 1.3, n)
    tokens_in = (text / 4.1 + 8 + history).astype(np.int64)
    shown = np.exp(rng.normal(np.log(draft.answer_tokens), 0.65, n))
    model = pc.dictionary_encode(draft.model)
    code, names = model.indices.to_numpy(), model.dictionary.to_pylist()
    thinking = np.array([scene.thinking.get(m, 120.0) for m in names])[code]
    hidden = np.where(thinking > 60, np.exp(rng.normal(np.log(thinking + 30), 0.6, n)), 0.0)
    caps = scene.knobs["max_tokens"].take(pa.array(draft.knob)).fill_null(1 << 20).to_numpy()
    out = np.minimum(shown + hidden, caps).astype(np.int64) + 1
    hidden = np.minimum(hidden, out).astype(np.int64)
    cached = np.where((tokens_in > 1100) & (rng.random(n) < 0.6), tokens_in // 128 * 128, 0)
    price = np.array([scene.price.get(m, (3e-6, 1.5e-5)) for m in names])[code]
    failed = draft.status != 200
    ended = np.where(rng.random(n) < 0.004, 2, (shown + hidden > caps).astype(np.int64))
    refused = picked(pa.array(["safety", "privacy", "copyright"]), draft.time_us % 3)
    cost = np.round(np.where(failed, 0.0, tokens_in * price[:, 0] + out * price[:, 1]), 7)
    return {
        "output_tokens": pa.array(out.astype(np.int32), mask=failed),
        "input_tokens": pa.array(tokens_in.astype(np.int32)),
        "reasoning_tokens": pa.array(hidden.astype(np.int32), mask=failed),
        "cached_tokens": pa.array(cached.astype(np.int32), mask=failed),
        "cost_usd": pa.array(cost),
        "finish_reason": pa.array(["stop", "length", "refusal"]).take(pa.array(ended, mask=failed)),
        "refusal_category": pc.if_else(pa.array((ended == 2) & ~failed), refused, None),
        "status_code": pa.array(draft.status.astype(np.int32)),
    }


def table(
    rng: np.random.Generator,
    draft: Draft,
    book: Book,
    places: Addresses,
    programs: list[tuple[str, str, str]],
    looks: tuple[Scene, int, int],
) -> pa.Table:
    """Exchanges of a draft that is sorted by time.

    looks   The scene, the salt of all ids, and the number of the first exchange.
    """
    scene, salt, first = looks
    n, at = len(draft.time_us), pa.array(draft.address)
    columns: Mapping[str, pa.Array] = {
        "exchange_id": hex_ids(scene.prefix["exchange_id"], np.arange(first, first + n), salt),
        "time": pa.array(draft.time_us, TIME_TYPE),
        "account_id": hex_ids(scene.prefix["account_id"], draft.account, salt + 1),
        "organisation_id": hex_ids(scene.prefix["organisation_id"], book.organisation[draft.account], salt + 2),
        "end_user_id": hex_ids(scene.prefix["end_user_id"], draft.end_user, salt + 3),
        "session_id": hex_ids(scene.prefix["session_id"], draft.session, salt + 4),
        "conversation_id": hex_ids(scene.prefix["conversation_id"], draft.conversation, salt + 5),
        "operation": picked(pa.array(["chat"]), np.zeros(n, np.int64)),
        "provider": draft.provider or picked(pa.array([scene.provider]), np.zeros(n, np.int64)),
        "model": draft.model,
        "system_text": draft.system,
        "prompt_text": draft.prompt,
        "turn_count": pa.array(draft.turn.astype(np.int32)),
        **{name: scene.knobs[name].take(pa.array(draft.knob)) for name in KNOBS},
        "has_tools": pa.array(draft.has_tools),
        "client_address": places.address.take(at),
        "client_asn": places.asn.take(at),
        "client_country": places.country.take(at),
        **_tokens(rng, draft, scene),
    }
    for i, name in enumerate(("user_agent", "client_build", "tls_fingerprint")):
        values = pa.array([p[i] for p in programs])
        columns = {**columns, name: picked(values, draft.client)}
    arrays = [columns[f.name] if f.name in columns else pa.nulls(n, f.type) for f in EXCHANGE]
    return pa.table(arrays, schema=EXCHANGE)


def accounts(scene: Scene, book: Book, salt: int) -> pa.Table:
    """Accounts of a book, with the ids that `table` gives them."""
    return pa.table(
        [
            hex_ids(scene.prefix["account_id"], np.arange(len(book)), salt + 1),
            hex_ids(scene.prefix["organisation_id"], book.organisation, salt + 2),
            pa.array(book.created_us, TIME_TYPE),
            hex_ids("pay_", book.payment, salt + 6),
            pa.array(book.domain, pa.string()),
            pa.array(book.programme, pa.string()),
            pa.array(book.verified.astype(np.int32)),
            pa.array(book.declared, pa.string()),
        ],
        schema=ACCOUNT,
    )


def merged(exchanges: pa.Table, truth: Truth, known: pa.Table) -> Made:
    """Add the truth about exchanges and their accounts."""
    n = exchanges.num_rows
    column = picked(pa.array([truth.campaign], pa.string()), np.zeros(n, np.int64))
    population = picked(pa.array([truth.population]), np.zeros(n, np.int64))
    campaign = pc.if_else(pa.array(truth.harvest), column, None)
    whose = pa.table(
        [exchanges["exchange_id"], exchanges["account_id"], population, campaign, truth.entity], schema=TRUTH_EXCHANGE
    )
    of = known.num_rows
    holders = pa.table(
        [known["account_id"], [truth.population] * of, pa.array([truth.campaign] * of, pa.string())],
        schema=TRUTH_ACCOUNT,
    )
    return Made(exchanges, whose, known, holders)
