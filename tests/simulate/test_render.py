"""Drafts written out: texts joined, tokens and prices consistent with one another."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.simulate.tables import Run

from stillwatch.model.exchange import EXCHANGE
from stillwatch.simulate.clients import MODELS
from stillwatch.simulate.draft import Draft
from stillwatch.simulate.ids import hex_ids
from stillwatch.simulate.render import Renderer
from stillwatch.simulate.world import World


@pytest.fixture
def renderer(world: World) -> Renderer:
    """A renderer of a world with nine accounts and five texts."""
    return Renderer(
        texts=pa.array(["", "lead ", "body", " tail", "system"]),
        clients=world.clients,
        networks=world.networks,
        account_ids=hex_ids("acct_", np.arange(9), 1),
        organisation_ids=hex_ids("org_", np.full(9, -1), 1),
        salt=3,
        corpora=None,
    )


def test_prompts_are_their_pieces(renderer: Renderer, rng: np.random.Generator) -> None:
    """Pieces are joined in their order, empty ones leave nothing, and no system prompt is null."""
    draft = Draft.of(3, lead=[1, 0, 1], body=2, tail=[3, 3, 0], system=[4, 0, 0], account=[0, 8, 4])
    table = renderer.render(rng, draft, 0)
    assert table.schema.equals(EXCHANGE, check_metadata=True)
    assert table["prompt_text"].to_pylist() == ["lead body tail", "body tail", "lead body"]
    assert table["system_text"].to_pylist() == ["system", None, None]
    assert table["account_id"].to_pylist() == renderer.account_ids.take(pa.array([0, 8, 4])).to_pylist()


def test_ids_follow_the_row_number(renderer: Renderer) -> None:
    """A file's ids go on where the last file's stopped."""
    draft = Draft.of(6, body=2)
    whole = renderer.render(np.random.default_rng(0), draft, 0)["exchange_id"].to_pylist()
    later = renderer.render(np.random.default_rng(0), draft.take(np.arange(4, 6)), 4)["exchange_id"].to_pylist()
    assert whole[4:] == later


def test_tokens_add_up(run: Run) -> None:
    """Reasoning is part of the answer, what is cached part of the request, and nothing is longer than its cap."""
    logs = run.logs.filter(pc.equal(run.logs["status_code"], 200))
    output, reasoning = logs["output_tokens"].to_numpy(), logs["reasoning_tokens"].to_numpy()
    given, cached = logs["input_tokens"].to_numpy(), logs["cached_tokens"].to_numpy()
    cap = logs["max_tokens"].fill_null(2**30).to_numpy()
    assert (reasoning <= output).all()
    assert (output <= cap).all()
    assert (cached <= given).all()
    assert (cached[given <= 1_024] == 0).all()
    assert (cached % 128 == 0).all()
    cut = np.array(logs["finish_reason"].to_pylist()) == "length"
    assert (output[cut] == cap[cut]).all()


def test_failures_give_nothing(run: Run) -> None:
    """A failed exchange has no answer, no price and no reason to have ended."""
    failed = run.logs.filter(pc.not_equal(run.logs["status_code"], 200))
    assert 0.005 < failed.num_rows / run.logs.num_rows < 0.03
    for column in ("output_tokens", "reasoning_tokens", "cached_tokens", "finish_reason"):
        assert failed[column].null_count == failed.num_rows
    assert set(failed["cost_usd"].to_pylist()) == {0.0}


def test_prices_are_the_models(run: Run) -> None:
    """What an exchange costs follows from its tokens and its model's list price; cached input is a tenth of it."""
    logs = run.logs.filter(pc.equal(run.logs["status_code"], 200)).slice(0, 500)
    prices = {model.name: model for model in MODELS}
    for row in logs.to_pylist():
        model = prices[row["model"]]
        fresh = row["input_tokens"] - 0.9 * row["cached_tokens"]
        expected = (fresh * model.input_price + row["output_tokens"] * model.output_price) / 1e6
        assert row["cost_usd"] == pytest.approx(expected)


def test_only_thinking_models_think(run: Run) -> None:
    """Reasoning tokens come from reasoning models, or where an effort was asked for."""
    logs = run.logs.filter(pc.equal(run.logs["status_code"], 200))
    thinks = np.isin(logs["model"].to_pylist(), [model.name for model in MODELS if model.reasons])
    asked = np.asarray(logs["reasoning_effort"].is_valid().to_numpy())
    thought = logs["reasoning_tokens"].to_numpy() > 0
    assert not thought[~thinks & ~asked].any()
    assert thought[thinks].mean() > 0.95
