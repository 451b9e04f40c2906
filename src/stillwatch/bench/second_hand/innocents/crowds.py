"""Unrelated people who happen to use the same thing: a tool, a joke, an app, an automation."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.clock import Habits, Sessions, lengths, sessions, singles, unfold
from stillwatch.bench.second_hand.innocents.unit import (
    Place,
    Unit,
    common_settings,
    common_stacks,
    finish,
    ordinary,
    talk_of,
    topics,
)
from stillwatch.bench.second_hand.marks import pick
from stillwatch.bench.second_hand.network import leave
from stillwatch.bench.second_hand.roster import Standing, company_domain, company_name, individuals, organisation
from stillwatch.bench.second_hand.scene import DAY_US, HOUR_US
from stillwatch.bench.second_hand.text import about, grammar, n_topics
from stillwatch.bench.second_hand.traffic import Made, settings_table, stack_table

__all__ = ["aggregator", "automation", "own_key_tool", "viral"]

Ints = NDArray[np.int64]


def _product(rng: np.random.Generator, version: str) -> tuple[str, str, str]:
    """A client of a product that has its own name in its header."""
    name = company_name(rng).split()[0].lower()
    return f"{name}/{version}", f"{name} {version} {rng.choice(['linux', 'macos', 'windows'])}", "t13d150_node_lin"


def own_key_tool(place: Place, name: str, number: int, n: int) -> list[Made]:
    """An open-source tool: one system prompt, and everybody's own key, topics, notes and hours."""
    rng, rules = place.rng, grammar("innocent")
    n_people = max(12, n // int(rng.integers(3, 14)))
    at = sessions(rng, n, n_people, place.span, Habits(mean_turns=2.0))
    topic = int(rng.integers(n_topics()))
    given = {**about(rng, np.array([topic])), "tool": pa.array([company_name(rng).split()[0]])}
    system = rules.draw(rng, "tool_system", 1, given)[0].as_py()
    product = [_product(rng, f"1.{rng.integers(0, 40)}.{i}") for i in range(int(rng.integers(1, 4)))]
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=individuals(rng, place.scene, n_people, newest_us=place.span[0]),
        account=at.person,
        at=at,
        prompt=talk_of(rng, at, topics(rng, at), rules["tool_turn"], [*rules["tool_turn"], *rules["more"]]),
        system=pa.repeat(system, n),
        exits="home",
        stacks=stack_table(product),
        choices=common_settings(rng, place.scene, 1),
        named=bool(rng.random() < 0.5),
    )
    return [finish(place, unit)]


def viral(place: Place, name: str, number: int, n: int) -> list[Made]:
    """A prompt goes round: steep start, long tail, one to three tries each, from any client."""
    rng, rules, (start, end) = place.rng, grammar("innocent"), place.span
    turns = lengths(rng, n, 1.4)
    n_people = max(10, int(len(turns) / 1.3))
    peak = start + int(rng.uniform(0.05, 0.6) * (end - start))
    after = rng.exponential(rng.uniform(0.5, 2.5) * DAY_US, len(turns))
    heads = np.sort(np.minimum(peak + after + rng.random(len(turns)) * HOUR_US, end - 1).astype(np.int64))
    at = unfold(rng, heads, rng.integers(0, n_people, len(turns)), turns, pause_s=70.0, end_us=end)
    words = {
        "{fixed_year}": str(rng.integers(2060, 2200)),
        "{fixed_job}": str(rng.choice(rules["job"])),
        "{fixed_place}": str(rng.choice(rules["place"])),
    }
    prompt = str(rng.choice(rules["viral"]))
    for slot, word in words.items():
        prompt = prompt.replace(slot, word)
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=individuals(rng, place.scene, n_people, newest_us=start),
        account=at.person,
        at=at,
        prompt=talk_of(rng, at, topics(rng, at, n_home=1), [prompt], rules["more"]),
        exits="home",
        stacks=common_stacks(rng, place.scene, 25),
        choices=common_settings(rng, place.scene, 12),
        answer_tokens=500.0,
    )
    return [finish(place, unit)]


def aggregator(place: Place, name: str, number: int, n: int) -> list[Made]:
    """An app that resells the model to real people through a few dozen keys; half of them said so."""
    rng = place.rng
    n_keys = int(min(int(rng.integers(12, 45)), max(5, n // 30)))
    n_people = max(n_keys, n // int(rng.integers(8, 30)))
    at = sessions(rng, n, n_people, place.span, Habits(mean_turns=3.0, zones=24))
    sticky = rng.random() < 0.5
    key = pick(int(rng.integers(1 << 60)), n_keys, at.session if sticky else at.person)
    told = rng.random() < 0.5
    app = company_name(rng)
    standing = Standing(2, None, "resale") if told else Standing(int(rng.integers(0, 2)))
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=organisation(rng, n_keys, domain=company_domain(app), newest_us=place.span[0], standing=standing),
        account=key,
        at=at,
        prompt=ordinary(place, at, real=place.reading.everyday),
        system=pa.repeat(f"You are {app.title()}, a friendly assistant.", n) if rng.random() < 0.5 else None,
        exits="datacentre" if rng.random() < 0.6 else "cloud",
        stacks=common_stacks(rng, place.scene, 1),
        choices=common_settings(rng, place.scene, 1),
        end_users=bool(told or rng.random() < 0.3),
    )
    return [finish(place, unit)]


def automation(place: Place, name: str, number: int, n: int) -> list[Made]:
    """A no-code platform: everybody's flows run on its servers, with its default prompt, on the owner's key."""
    rng, rules = place.rng, grammar("innocent")
    n_people = max(15, n // int(rng.integers(5, 20)))
    at = _triggers(rng, n, n_people, place.span)
    system = rules.draw(rng, "zap_system", 1, {})[0].as_py()
    flow = rng.integers(0, len(rules["zap"]), n_people)[at.person]
    given = about(rng, topics(rng, at, n_home=1))
    salt = int(rng.integers(1 << 60))
    accounts = individuals(rng, place.scene, n_people, newest_us=place.span[0])
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=replace(accounts, verified=np.minimum(1, accounts.verified + (rng.random(n_people) < 0.3))),
        account=at.person,
        at=at,
        prompt=rules.render(rng, rules["zap"], flow, given),
        system=pa.repeat(system, n),
        exits=leave(place.scene, "cloud", salt, at.person, at.time_us),
        stacks=stack_table([_product(rng, f"2.{rng.integers(0, 60)}.0")]),
        choices=settings_table([{"temperature": 0.7, "max_tokens": 1000}]),
        named=False,
        answer_tokens=130.0,
    )
    return [finish(place, unit)]


def _triggers(rng: np.random.Generator, n: int, n_people: int, span: tuple[int, int]) -> Sessions:
    """Half of the flows run at a fixed minute of some hours, the others when something happens in office hours."""
    timed = rng.random(n_people) < 0.5
    happened = sessions(rng, n, n_people, span, Habits(mean_turns=1.01, office=0.9))
    hour, minute = rng.integers(0, 24, n_people), rng.choice([0, 0, 0, 15, 30], n_people)
    day = (happened.time_us - span[0]) // DAY_US
    due = span[0] + day * DAY_US + (hour * 60 + minute)[happened.person] * (HOUR_US // 60)
    due += (rng.exponential(2.5, n) * 1e6).astype(np.int64)
    when = np.where(timed[happened.person], np.minimum(due, span[1] - 1), happened.time_us)
    order = np.argsort(when, kind="stable")
    return singles(when[order], happened.person[order])
