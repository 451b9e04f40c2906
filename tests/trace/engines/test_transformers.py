"""Marks in `generate`: a small random model, its answers found under each row's key, and keys that nothing prints."""

from typing import Any

import numpy as np
import pytest

from stillwatch.errors import EngineUnavailable, InvalidInput
from stillwatch.trace.engines.transformers import marking_config, marking_processor
from stillwatch.trace.keys.key import Purpose, derive
from stillwatch.trace.mark import green, gumbel
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.prf import contexts, uniforms
from stillwatch.trace.mark.request import Lane, MarkKeys

ACCOUNTS = [derive(bytes(32), Purpose.ACCOUNT, name, "e") for name in "ab"]
CAMPAIGN = derive(bytes(32), Purpose.CAMPAIGN, "c", "e")
KEYS = [MarkKeys(ACCOUNTS[0]), MarkKeys(ACCOUNTS[1], CAMPAIGN)]
VOCABULARY = 97


@pytest.fixture
def model() -> Any:
    """A random GPT-2 of one layer."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 256, "vocab_size": VOCABULARY}
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**shape, bos_token_id=0, eos_token_id=None))


def generated(model: Any, config: Any, **changes: Any) -> list[list[int]]:
    """Answers to two prompts."""
    torch = pytest.importorskip("torch")
    prompts = torch.tensor([[1, 2, 3], [4, 5, 6]])
    settings = {"do_sample": True, "max_new_tokens": 150, "top_k": 40, "pad_token_id": 0, **changes}
    found = model.generate(prompts, attention_mask=torch.ones_like(prompts), watermarking_config=config, **settings)
    return [[int(token) for token in row[3:]] for row in found]


def account_log_p(tokens: list[int], key: Any) -> float:
    """The account's test."""
    _, first = np.unique(contexts(tokens, 4), return_index=True)
    numbers = [uniforms(key.words, tokens[i : i + 4], VOCABULARY)[tokens[i + 4]] for i in first]
    return gumbel.log_tail(float(gumbel.scores(np.array(numbers)).sum()), len(numbers))


def test_each_row_is_found_under_its_own_key(model: Any) -> None:
    """And not under the other's; twice, since each call of generate starts afresh."""
    config = marking_config(KEYS, Scheme(delta=2.0))
    for _ in range(2):
        answers = generated(model, config)
        for i in (0, 1):
            assert account_log_p(answers[i], ACCOUNTS[i]) < np.log(1e-20)
            assert account_log_p(answers[i], ACCOUNTS[1 - i]) > np.log(1e-4)
        greens = [uniforms(CAMPAIGN.words, answers[1][i - 2 : i], VOCABULARY)[answers[1][i]] for i in range(2, 150)]
        assert green.log_tail(int(green.is_green(np.array(greens), 0.5).sum()), 148, 0.5) < np.log(1e-6)


def test_several_answers_of_one_prompt_share_its_key(model: Any) -> None:
    """In the order in which generate repeats prompts."""
    answers = generated(model, marking_config(KEYS, Scheme()), num_return_sequences=2)
    for i, tokens in enumerate(answers):
        assert account_log_p(tokens, ACCOUNTS[i // 2]) < np.log(1e-20)


def test_beams_are_refused(model: Any) -> None:
    """They take rows from one another, and a row's key would go with it."""
    with pytest.raises(InvalidInput, match="without beams"):
        generated(model, marking_config(KEYS, Scheme()), num_beams=4, max_new_tokens=40)


def test_nothing_that_is_printed_or_saved_holds_a_key(model: Any, tmp_path: Any) -> None:
    """Neither the configuration, nor the one of generate that holds it, nor its file."""
    config = marking_config(KEYS, Scheme())
    model.generation_config.update(watermarking_config=config)
    model.generation_config.save_pretrained(tmp_path)
    shown = [repr(config), config.to_json_string(), str(config.to_dict()), str(dict(config))]
    shown += [repr(model.generation_config), (tmp_path / "generation_config.json").read_text()]
    for text in shown:
        assert '"rows": 2' in text or "'rows': 2" in text
        assert "secret" not in text
        assert ACCOUNTS[0].secret.hex() not in text


def test_rows_and_tokens_that_do_not_fit_are_refused() -> None:
    """Three rows for two keys; a vocabulary of another size; fewer rows later on."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    for rows, size in ((3, 97), (2, 96)):
        with pytest.raises(InvalidInput, match="multiple of 2 rows and 97 tokens"):
            marking_processor(KEYS, Scheme(), 97)(torch.zeros(rows, 1, dtype=torch.int64), torch.zeros(rows, size))
    processor = marking_processor(KEYS, Scheme())
    processor(torch.zeros(2, 1, dtype=torch.int64), torch.zeros(2, 9))
    with pytest.raises(InvalidInput, match="began with 2 rows and has 1"):
        processor(torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1, 9))


def test_lefthash_forgets_all_but_the_last_token() -> None:
    """The trap of transformers' own scheme at context_width 4, where ours depends on each of the four."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    theirs = transformers.WatermarkingConfig(context_width=4).construct_processor(97, "cpu")
    ids = [torch.tensor([[1, 2, 3, 9]]), torch.tensor([[5, 6, 7, 9]])]
    assert torch.equal(*(theirs(row, torch.zeros(1, 97)) for row in ids))
    plans = [Lane(MarkKeys(ACCOUNTS[0]), Scheme()).plan(row[0].tolist()) for row in ids]
    assert plans[0] != plans[1]


def test_keys_are_checked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """None at all, or not those that a scheme with shares needs; and no transformers to put them into."""
    with pytest.raises(InvalidInput, match="at least one row"):
        marking_processor([], Scheme())
    with pytest.raises(InvalidInput, match="needs the keys provider"):
        marking_processor(KEYS, Scheme(global_share=0.1))
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(EngineUnavailable, match="extra models"):
        marking_config(KEYS, Scheme())
