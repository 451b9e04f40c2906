"""Both vLLM plugins in fakes of its two model runners: the reference's answers, whatever happens to the batch.

The fakes have the fields and the order of calls of vLLM 0.33.0, which itself needs a GPU and is not installed here.
"""

import enum
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
import pytest

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.trace.engines.settings import VARIABLE, EngineSettings
from stillwatch.trace.engines.tag import ARGUMENT, Tag
from stillwatch.trace.engines.vllm_v1 import MarkV1
from stillwatch.trace.engines.vllm_v2 import MarkV2
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.mark.request import Lane, marked_token

VOCABULARY = 60
NO_DRAFT = SimpleNamespace(speculative_config=None)


class Direction(enum.Enum):
    """As vLLM's MoveDirectionality."""

    UNIDIRECTIONAL = enum.auto()
    SWAP = enum.auto()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineSettings:
    """Settings that the environment names."""
    for name in ("marks", "tags"):
        KeyKeeper.create(tmp_path / name)
    path = tmp_path / "marks.json"
    path.write_bytes(orjson.dumps({"master": str(tmp_path / "marks"), "tags": str(tmp_path / "tags")}))
    monkeypatch.setenv(VARIABLE, str(path))
    return EngineSettings.from_environment()


def params(settings: EngineSettings | None, account: str = "", **changes: Any) -> Any:
    """As vLLM's SamplingParams, with a sealed tag; None for a request without one."""
    neutral: dict[str, Any] = {
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "min_p": 0.0,
        "seed": None,
        "extra_args": None,
    }
    if settings is not None:
        tag = Tag(account, "", "e", int(time.time()) + 60)
        neutral["extra_args"] = {ARGUMENT: settings.secret.seal(tag)}
    return SimpleNamespace(**{**neutral, **changes})


def logits_at(account: str, place: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What the model says at a place of an account's answer."""
    of_seed = sum(account.encode()) * 1000 + place
    return np.random.default_rng(of_seed).normal(size=VOCABULARY).astype(np.float32)


def sampled(row: Any, account: str, place: int) -> int:
    """The engine's own draw from a row; a forced token leaves it no choice."""
    p = np.exp(np.asarray(row, np.float64))
    return int(np.random.default_rng(sum(account.encode()) + place).choice(VOCABULARY, p=p / p.sum()))


def reference(settings: EngineSettings, account: str, length: int) -> list[int]:
    """The answer by the numpy reference."""
    lane = Lane(settings.keys(Tag(account, "", "e", 0)), settings.scheme)
    tokens: list[int] = []
    for place in range(length):
        plan, row = lane.plan(tokens), logits_at(account, place)
        is_ours = plan.drawing is not None
        token = marked_token(row, plan, settings.scheme, np.random.default_rng()) if is_ours else None
        tokens.append(sampled(row, account, place) if token is None else token)
    return tokens


class RunnerV1:
    """Calls a V1 plugin as vLLM does; answers are lists that it shares with the plugin."""

    def __init__(self, torch: Any) -> None:
        self.torch, self.plugin = torch, MarkV1(NO_DRAFT, "cpu", is_pin_memory=False)
        self.batch: dict[int, tuple[str, list[int]]] = {}

    def change(self, removed: Any = (), added: Any = (), moved: Any = ()) -> None:
        """One BatchUpdate."""
        for index in removed:
            self.batch.pop(index)
        for index, account, given, answer in added:
            self.batch[index] = (account, answer)
            del given
        for source, target, direction in moved:
            moving, waiting = self.batch.pop(source), self.batch.pop(target, None)
            self.batch[target] = moving
            if direction is Direction.SWAP and waiting is not None:
                self.batch[source] = waiting
        told = [(index, given, [1, 2], answer) for index, _, given, answer in added]
        self.plugin.update_state(SimpleNamespace(removed=removed, added=told, moved=moved))

    def step(self) -> None:
        """One token for each request."""
        self.plugin.update_state(None)
        rows = [logits_at(*self._at(index)) for index in range(len(self.batch))]
        found = self.plugin.apply(self.torch.from_numpy(np.stack(rows)))
        for index in range(len(self.batch)):
            self.batch[index][1].append(sampled(found[index], *self._at(index)))

    def _at(self, index: int) -> tuple[str, int]:
        return self.batch[index][0], len(self.batch[index][1])


def test_v1_answers_are_the_references_through_removal_swap_move_and_preemption(settings: EngineSettings) -> None:
    """Four requests, one untagged, in a batch that vLLM rearranges in each way it can."""
    runner = RunnerV1(pytest.importorskip("torch"))
    answers: dict[str, list[int]] = {name: [] for name in ("a", "b", "c", "plain")}
    given = {name: params(None if name == "plain" else settings, name) for name in answers}
    runner.change(added=[(i, name, given[name], answers[name]) for i, name in enumerate(answers)])
    for _ in range(10):
        runner.step()
    runner.change(moved=[(0, 3, Direction.SWAP)])
    for _ in range(10):
        runner.step()
    runner.change(removed=[1], moved=[(3, 1, Direction.UNIDIRECTIONAL)])
    for _ in range(10):
        runner.step()
    runner.change(added=[(3, "b", given["b"], answers["b"])])
    for _ in range(10):
        runner.step()
    for name in ("a", "b", "c"):
        assert answers[name] == reference(settings, name, len(answers[name]))
    assert answers["plain"] == [sampled(logits_at("plain", i), "plain", i) for i in range(40)]


def test_v1_draws_after_the_penalties_that_come_after_it(settings: EngineSettings) -> None:
    """A presence penalty of 50 keeps what was said from being drawn again, though vLLM applies it later."""
    torch = pytest.importorskip("torch")
    plugin, answer = MarkV1(NO_DRAFT, "cpu", is_pin_memory=False), [1, 2, 3, 4, 5]
    given = params(settings, "a", presence_penalty=50.0)
    plugin.update_state(SimpleNamespace(removed=[], added=[(0, given, [], answer)], moved=[]))
    for _ in range(40):
        found = plugin.apply(torch.zeros(1, VOCABULARY))
        token = int(torch.isfinite(found[0]).nonzero()[0, 0])
        assert token not in answer
        answer.append(token)


def test_v2_answers_are_the_references_through_reordering_and_recycled_slots(settings: EngineSettings) -> None:
    """Rows in another order at each step; a slot is given on to another request; a preempted one comes back."""
    torch = pytest.importorskip("torch")
    table = torch.zeros(4, 100, dtype=torch.int32)
    prompt_len = SimpleNamespace(np=np.array([3, 5, 2, 0], np.int32))
    states = SimpleNamespace(all_token_ids=SimpleNamespace(gpu=table), prompt_len=prompt_len)
    plugin = MarkV2(NO_DRAFT, states)
    held = {0: "a", 1: "plain", 2: "b"}
    answers: dict[str, list[int]] = {"a": [], "plain": [], "b": [], "c": []}
    enters = {
        slot: plugin.add_request(slot, params(settings if name != "plain" else None, name))
        for slot, name in held.items()
    }
    assert enters == {0: True, 1: False, 2: True}
    for step in range(40):
        if step == 15:
            held[1] = "c"
            assert plugin.add_request(1, params(settings, "c"))
        if step == 25:
            plugin.add_request(0, params(settings, "a"))
        slots = np.random.default_rng(step).permutation(list(held))
        _v2_step(torch, plugin, slots, [(held[slot], answers[held[slot]]) for slot in slots], states)
    for name in ("a", "b", "c"):
        assert answers[name] == reference(settings, name, len(answers[name]))
    assert answers["plain"] == [sampled(logits_at("plain", i), "plain", i) for i in range(15)]


def _v2_step(torch: Any, plugin: MarkV2, slots: Any, batch: list[tuple[str, list[int]]], states: Any) -> None:
    """One step as the V2 sampler takes it."""
    lengths = np.array(
        [states.prompt_len.np[slot] + len(answer) for slot, (_, answer) in zip(slots, batch, strict=True)]
    )
    rows = np.stack([logits_at(name, len(answer)) for name, answer in batch])
    plugin.apply_staged_writes()
    context = SimpleNamespace(idx_mapping_np=slots, seq_lens_upper_bound_np=lengths)
    found = plugin.apply(torch.from_numpy(rows), context)
    for row, slot, length, (name, answer) in zip(found, slots, lengths, batch, strict=True):
        token = sampled(row, name, len(answer))
        answer.append(token)
        states.all_token_ids.gpu[int(slot), int(length)] = token


def test_draft_rows_are_refused(settings: EngineSettings) -> None:
    """At start-up, and should they come all the same."""
    torch = pytest.importorskip("torch")
    draft = SimpleNamespace(speculative_config=object())
    for start in (lambda: MarkV1(draft, "cpu", is_pin_memory=False), lambda: MarkV2(draft, None)):
        with pytest.raises(InvalidInput, match="without speculative decoding"):
            start()
    plugin = MarkV2(NO_DRAFT, None)
    plugin.add_request(0, params(settings, "a"))
    with pytest.raises(InvalidInput, match="got 3 for 1"):
        plugin.apply(torch.zeros(3, VOCABULARY), SimpleNamespace(idx_mapping_np=np.array([0])))


@pytest.mark.parametrize("plugin", [MarkV1, MarkV2])
def test_requests_are_admitted_only_with_a_tag_that_holds(settings: EngineSettings, plugin: Any) -> None:
    """A forged, an old and a missing one are refused at the front."""
    plugin.validate_params(params(settings, "a"))
    old = settings.secret.seal(Tag("a", "", "e", int(time.time()) - 5))
    for extra in ({ARGUMENT: "mine"}, {ARGUMENT: old}, {}, None):
        with pytest.raises(FailedProof):
            plugin.validate_params(params(None, extra_args=extra))


@pytest.mark.parametrize(
    "start", [lambda: MarkV1(NO_DRAFT, "cpu", is_pin_memory=False), lambda: MarkV2(NO_DRAFT, None)]
)
def test_an_engine_without_settings_does_not_start(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InvalidInput, match=VARIABLE):
        start()


def test_each_plugin_loads_without_the_other_torch_or_vllm() -> None:
    """In a Python of its own: a class of the other runner in reach would stop vLLM's start-up."""
    for own, other in (("vllm_v1", "vllm_v2"), ("vllm_v2", "vllm_v1")):
        room = "stillwatch.trace.engines"
        code = f"import sys, {room}.{own}; assert not {{'torch', 'vllm', '{room}.{other}'}} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", code], check=True)
