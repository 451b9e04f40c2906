"""One campaign, from its plan to its rows."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.attacks.carry import pick_sessions, rewrite, through
from stillwatch.bench.second_hand.attacks.plan import Plan, size_of
from stillwatch.bench.second_hand.attacks.schedule import schedule
from stillwatch.bench.second_hand.attacks.stock import bought
from stillwatch.bench.second_hand.attacks.wording import Wrapping, deal, list_of, wrap, wrapping
from stillwatch.bench.second_hand.marks import pick
from stillwatch.bench.second_hand.network import Exits, leave
from stillwatch.bench.second_hand.scene import DAY_US, SETTINGS, STACK, Scene
from stillwatch.bench.second_hand.text import grammar
from stillwatch.bench.second_hand.tradecraft import Craft, Fleet, draw_craft
from stillwatch.bench.second_hand.traffic import Label, Made, Traffic, compose

__all__ = ["Campaign"]

Ints = NDArray[np.int64]


class Campaign:
    """One operator at work beside the traffic of a scene.

    seed    The same seed gives the same campaign, whatever others are planted.
    scale   Of the plan's size.
    """

    def __init__(self, scene: Scene, plan: Plan, *, scale: float, seed: int) -> None:
        self._scene, self._plan = scene, plan
        self._rng = np.random.default_rng([seed, zlib.crc32(plan.name.encode()), 1])
        self._craft = _suited(plan, draw_craft(self._rng, scene, plan.fleets), scene)
        self._span = _span(self._rng, scene)
        size = size_of(plan, scale, scene.days)
        self._rows = schedule(self._rng, plan, self._craft, size, self._span)
        first_us = np.full(len(self._rows.keys), self._span[1])
        np.minimum.at(first_us, self._rows.account, self._rows.time_us)
        self._accounts = bought(self._rng, scene, self._craft, np.minimum(first_us, self._rows.keys.from_us))
        self._salt = int(self._rng.integers(1 << 60))

    def make(self, corpora: Path | None) -> Made:
        """What the campaign sends itself."""
        plan, rows, rng, scene = self._plan, self._rows, self._rng, self._scene
        later = _later(plan)
        job = self._dealt_by()
        n_dealt = int(job.max()) + 1
        items = list_of(rng, plan, self._craft, n_dealt, corpora)
        _, opener = np.unique(job, return_index=True)
        item = deal(rng, plan, len(items), rows.account[opener], rows.talk[opener])[job]
        how = wrapping(rng, plan, self._craft, scene)
        stacks, stack = self._stacks(rows.account)
        choices, settings = self._choices(rows.account)
        named = self._craft.keeps_conversations
        none = np.full(len(rows.time_us), -1)
        traffic = Traffic(
            label=Label(plan.name, plan.name, f"{plan.name}-second"),
            accounts=self._accounts,
            time_us=rows.time_us,
            account=rows.account,
            prompt=self._repeated(wrap(rng, how, items, item, rows.turn, later)),
            system=self._system(how),
            turn=rows.turn,
            exits=self._exits(rows.account, rows.time_us),
            stack=stack,
            stacks=stacks,
            settings=settings,
            choices=choices,
            model=self._models(),
            conversation=rows.talk if named or plan.turns != "single" else none,
            session=rows.talk if named and self._craft.skill > 0.5 else none,
            end_user=none,
            answer_tokens=plan.answer_tokens,
            has_tools=np.full(len(rows.time_us), self._offers_tools()),
            status=rows.status,
        )
        return compose(rng, scene, traffic)

    def carry(self, folder: Path, taken: set[str]) -> pa.Table:
        """What changes about the people's sessions that go through the operator's accounts; see `carry.rewrite`.

        taken   Sessions that others carry; those carried here are added.
        """
        low, high = self._plan.cover
        ratio = float(np.exp(self._rng.uniform(np.log(low), np.log(high))))
        wanted = int(ratio * len(self._rows.time_us))
        carried = pick_sessions(self._rng, folder, wanted, self._span, taken)
        account = through(self._rng, carried, self._craft.policy, self._rows.keys)
        at = pa.array(account)
        stacks, stack = self._stacks(account)
        forwards = self._rng.random() < 0.4
        return rewrite(
            carried,
            self._accounts.account_id.take(at),
            self._accounts.organisation_id.take(at),
            self._exits(account, carried.time_us),
            None if forwards else stacks.take(pa.array(stack)),
        )

    def _dealt_by(self) -> Ints:
        """Number of the thing that gets an entry of the list: a conversation, or an exchange where each asks anew."""
        rows = self._rows
        if self._plan.turns == "sessions":
            return rows.job
        _, place = np.unique(rows.talk, return_inverse=True)
        return _in_order_of_time(place)

    def _repeated(self, prompt: pa.ChunkedArray) -> pa.ChunkedArray:
        """A job that failed is sent again as it was."""
        _, first, place = np.unique(self._rows.job, return_index=True, return_inverse=True)
        source = first[place]
        changed = source != np.arange(len(source))
        return prompt.take(pa.array(source)) if changed.any() else prompt

    def _fleet_of(self, account: Ints) -> Ints:
        return pick(self._salt, len(self._craft.fleets), account)

    def _stacks(self, account: Ints) -> tuple[pa.Table, Ints]:
        """Clients of the operation and the one each account runs."""
        if self._plan.client_per_account:
            table = self._scene.stacks.select(list(STACK))
            return table, pick(self._salt + 1, table.num_rows, account)
        return _joined([f.stacks for f in self._craft.fleets], self._fleet_of(account), account, self._salt + 1)

    def _choices(self, account: Ints) -> tuple[pa.Table, Ints]:
        if self._plan.client_per_account:
            table = self._scene.settings.select(list(SETTINGS))
            return table, pick(self._salt + 2, table.num_rows, account)
        return _joined([f.choices for f in self._craft.fleets], self._fleet_of(account), account, self._salt + 2)

    def _exits(self, account: Ints, time_us: Ints) -> Exits:
        """Each fleet leaves by its own exits."""
        fleet = self._fleet_of(account)
        parts, rows = [], []
        for place, one in enumerate(self._craft.fleets):
            mine = np.flatnonzero(fleet == place)
            if len(mine):
                parts.append(leave(self._scene, one.exits, self._salt + 10 + place, account[mine], time_us[mine]))
                rows.append(mine)
        back = np.argsort(np.concatenate(rows), kind="stable")
        at = pa.array(back)
        return Exits(
            pa.concat_arrays([p.address for p in parts]).take(at),
            np.concatenate([p.asn for p in parts])[back],
            pa.concat_arrays([p.country for p in parts]).take(at),
        )

    def _system(self, how: Wrapping) -> pa.Array:
        rows = self._rows
        key = rows.account if self._plan.client_per_account else rows.job
        place = pick(self._salt + 3, len(how.systems), self._fleet_of(rows.account), key)
        return how.systems.take(pa.array(place))

    def _models(self) -> Ints:
        """Mostly the dearest models; a pivot moves half the traffic to another within a day."""
        worth = self._scene.price_usd[:, 2] + 1e-9
        main, second = (
            (int(m) for m in self._rng.choice(len(worth), 2, p=worth / worth.sum())) if len(worth) > 1 else (0, 0)
        )
        rows = self._rows
        chance = np.full(len(rows.time_us), 0.0)
        if self._plan.pivot:
            second = (main + 1 + int(self._rng.integers(max(1, len(worth) - 1)))) % len(worth)
            release = self._span[0] + self._rng.uniform(0.4, 0.65) * (self._span[1] - self._span[0])
            chance = np.clip((rows.time_us - release) / DAY_US, 0, 1) * 0.5
            chance = np.where(rows.time_us > release + 2 * DAY_US, 0.75, chance)
        elif self._rng.random() < 0.4:
            chance += self._rng.uniform(0.05, 0.4)
        return np.where(self._rng.random(len(chance)) < chance, second, main)

    def _offers_tools(self) -> bool:
        return self._plan.words == "trajectory" or (
            self._plan.words == "agent"
            and bool(self._scene.agents.num_rows and self._scene.agents["has_tools"][self._craft.agent].as_py())
        )


def _later(plan: Plan) -> list[str]:
    """What follows the first turn."""
    rules = grammar("attack")
    if plan.turns == "trajectory":
        return rules["observation"]
    if plan.turns == "padded":
        return rules["padding"]
    return ["{item}", "{item}", "{item}", "{follow_up}"] if plan.turns == "sessions" else []


def _in_order_of_time(place: Ints) -> Ints:
    """Renumber groups by where each first appears."""
    _, first = np.unique(place, return_index=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[place]


def _span(rng: np.random.Generator, scene: Scene) -> tuple[int, int]:
    """Most of the window: campaigns outlive the logs that anyone looks at."""
    length = scene.end_us - scene.start_us
    late, early = rng.choice([0.0, rng.uniform(0, 0.2)]), rng.choice([0.0, rng.uniform(0, 0.15)])
    return scene.start_us + int(late * length), scene.end_us - int(early * length)


def _suited(plan: Plan, craft: Craft, scene: Scene) -> Craft:
    """Habits that a scenario itself implies: an operator who camouflages runs the client whose prompt is copied."""
    if plan.words != "agent" or not scene.agents.num_rows:
        return craft
    dressed = tuple(
        Fleet(f.exits, scene.agents.select(list(STACK)).slice(craft.agent, 1), f.choices) for f in craft.fleets
    )
    return replace(craft, fleets=dressed)


def _joined(tables: list[pa.Table], fleet: Ints, account: Ints, salt: int) -> tuple[pa.Table, Ints]:
    """Tables of the fleets laid end to end, and the row of each account in its fleet's."""
    size = np.array([t.num_rows for t in tables])
    start = np.cumsum(size) - size
    spot = pick(salt, 1 << 40, account)
    return pa.concat_tables(tables), start[fleet] + spot % size[fleet]
