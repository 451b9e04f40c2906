"""One unit's traffic in the record's columns, with the truth about it."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.second_hand.marks import ids
from stillwatch.bench.second_hand.network import Exits
from stillwatch.bench.second_hand.roster import Accounts
from stillwatch.bench.second_hand.scene import SETTINGS, STACK, Scene
from stillwatch.model.exchange import EXCHANGE, TIME_TYPE
from stillwatch.simulate.truth import TRUTH_ACCOUNT, TRUTH_EXCHANGE

__all__ = ["Label", "Made", "Traffic", "compose", "one_settings", "one_stack", "settings_table", "stack_table"]

Ints = NDArray[np.int64]

_CHARS_A_TOKEN: Final = 4
_HISTORY_TOKENS: Final = 260
_CACHE_TOKENS: Final = 1024
_REFUSALS: Final = ("safety", "copyright", "privacy")


@dataclass(frozen=True, slots=True)
class Label:
    """The truth about a unit: legitimate without a campaign."""

    population: str
    campaign: str | None
    entity: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """Rows of one unit, ascending in time.

    account     Place in `accounts`.
    stack, settings     Places in `stacks` and `choices`.
    model       Place in the scene's models.
    conversation, session, end_user     Codes; -1 is null.
    answer_tokens   Median length of an answer, tokens.
    status      HTTP status.
    """

    label: Label
    accounts: Accounts
    time_us: Ints
    account: Ints
    prompt: pa.Array | pa.ChunkedArray
    system: pa.Array | pa.ChunkedArray
    turn: Ints
    exits: Exits
    stack: Ints
    stacks: pa.Table
    settings: Ints
    choices: pa.Table
    model: Ints
    conversation: Ints
    session: Ints
    end_user: Ints
    answer_tokens: float = 350.0
    has_tools: NDArray[np.bool_] | None = None
    status: Ints | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """What a unit adds: exchanges in order of time, accounts, and the truth about both."""

    exchanges: pa.Table
    truth_exchanges: pa.Table
    accounts: pa.Table
    truth_accounts: pa.Table
    moves: pa.Table | None = field(default=None)


def stack_table(rows: list[tuple[str, str, str]]) -> pa.Table:
    """Clients of one's own: user agent, build and TLS fingerprint."""
    return pa.table(dict(zip(STACK, zip(*rows, strict=True), strict=True)))


def one_stack(table: pa.Table, place: int) -> pa.Table:
    """One client of a table."""
    return table.select(list(STACK)).slice(place, 1)


_TYPES: Final = {name: EXCHANGE.field(name).type for name in SETTINGS}


def settings_table(rows: list[dict[str, object]]) -> pa.Table:
    """Parameters of one's own; what a row does not name is null."""
    return pa.table({n: pa.array([row.get(n) for row in rows], kind) for n, kind in _TYPES.items()})


def one_settings(table: pa.Table, place: int) -> pa.Table:
    """One row of parameters of a table."""
    return table.select(list(SETTINGS)).slice(place, 1)


def compose(rng: np.random.Generator, scene: Scene, traffic: Traffic) -> Made:
    """Turn a unit's traffic into rows of the logs, the account table and the truth."""
    n = len(traffic.time_us)
    exchange_id = ids("xch_", np.arange(n), int(rng.integers(1 << 62)))
    columns = _identity(rng, scene, traffic) | _answers(rng, scene, traffic)
    columns["exchange_id"] = exchange_id
    arrays = [_column(columns[f.name], f.type) if f.name in columns else pa.nulls(n, f.type) for f in EXCHANGE]
    label, n_accounts = traffic.label, len(traffic.accounts)
    truth = [
        exchange_id,
        columns["account_id"],
        pa.repeat(label.population, n),
        _named(label.campaign, n),
        pa.repeat(label.entity, n),
    ]
    whose = [
        traffic.accounts.account_id,
        pa.repeat(label.population, n_accounts),
        _named(label.campaign, n_accounts),
    ]
    return Made(
        pa.table(arrays, schema=EXCHANGE),
        pa.table(truth, schema=TRUTH_EXCHANGE),
        traffic.accounts.to_table(),
        pa.table(whose, schema=TRUTH_ACCOUNT),
    )


def _named(value: str | None, n: int) -> pa.Array:
    return pa.nulls(n, pa.string()) if value is None else pa.repeat(value, n)


def _column(values: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return values if values.type == kind else values.cast(kind)


def _identity(rng: np.random.Generator, scene: Scene, t: Traffic) -> dict[str, pa.Array]:
    """Who, when, from where, with what."""
    at, n, salt = pa.array(t.account), len(t.time_us), int(rng.integers(1 << 60))
    stacks, choices = t.stacks.take(pa.array(t.stack)), t.choices.take(pa.array(t.settings))
    tools = np.zeros(n, np.bool_) if t.has_tools is None else t.has_tools
    return {
        "time": pa.array(t.time_us, TIME_TYPE),
        "account_id": t.accounts.account_id.take(at),
        "organisation_id": t.accounts.organisation_id.take(at),
        "end_user_id": ids("user-", t.end_user, salt),
        "session_id": ids("ses_", t.session, salt + 1),
        "conversation_id": ids("conv_", t.conversation, salt + 2),
        "operation": pa.repeat("chat", n),
        "provider": pa.repeat(scene.provider, n),
        "model": scene.models.take(pa.array(t.model)),
        "system_text": t.system,
        "prompt_text": t.prompt,
        "turn_count": pa.array(t.turn),
        "has_tools": pa.array(tools),
        "client_address": t.exits.address,
        "client_asn": pa.array(t.exits.asn),
        "client_country": t.exits.country,
        **{name: stacks[name] for name in STACK},
        **{name: choices[name] for name in SETTINGS},
    }


def _tokens(text: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    size = pc.fill_null(pc.binary_length(text), 0).to_numpy(zero_copy_only=False)
    return np.asarray(size, np.float64) / _CHARS_A_TOKEN


def _answers(rng: np.random.Generator, scene: Scene, t: Traffic) -> dict[str, pa.Array]:
    """Tokens, price and how each exchange ended; a failed one has none of them."""
    n = len(t.time_us)
    status = np.full(n, 200) if t.status is None else t.status
    failed = status != 200
    system = _tokens(t.system)
    tokens_in = (6 + _tokens(t.prompt) + system + (t.turn - 1) * _HISTORY_TOKENS).astype(np.int64)
    repeated = system + np.where(t.turn > 1, (t.turn - 1) * _HISTORY_TOKENS, 0)
    cached = np.where((repeated > _CACHE_TOKENS) & (rng.random(n) < 0.6), repeated // 128 * 128, 0).astype(np.int64)
    visible = rng.lognormal(np.log(t.answer_tokens), 0.75, n)
    effort = t.choices["reasoning_effort"].is_valid().to_numpy(zero_copy_only=False)[t.settings]
    thinks = (rng.random(n) < scene.reasons[t.model]) | effort
    thought = np.where(thinks, rng.lognormal(np.log(700), 0.8, n), 0)
    limit = t.choices["max_tokens"].fill_null(1 << 16).to_numpy(zero_copy_only=False)[t.settings]
    tokens_out = np.maximum(1, np.minimum(visible + thought, limit)).astype(np.int64)
    thought = np.minimum(thought, tokens_out).astype(np.int64)
    refused = ~failed & (rng.random(n) < 0.005)
    cut = ~failed & (tokens_out >= limit)
    rate = scene.price_usd[t.model]
    cost = (tokens_in - cached) * rate[:, 0] + cached * rate[:, 1] + tokens_out * rate[:, 2]
    ended = np.where(refused, 2, np.where(cut, 1, 0))
    return {
        "output_tokens": pa.array(tokens_out, pa.int32(), mask=failed),
        "input_tokens": pa.array(tokens_in, pa.int32()),
        "reasoning_tokens": pa.array(thought, pa.int32(), mask=failed),
        "cached_tokens": pa.array(cached, pa.int32(), mask=failed),
        "cost_usd": pa.array(np.where(failed, 0.0, np.round(cost, 8))),
        "finish_reason": pa.array(["stop", "length", "refusal"]).take(pa.array(ended, mask=failed)),
        "refusal_category": pa.array(_REFUSALS).take(pa.array(rng.integers(0, 3, n), mask=~refused)),
        "status_code": pa.array(status, pa.int32()),
    }
