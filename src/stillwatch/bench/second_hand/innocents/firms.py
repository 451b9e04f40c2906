"""Firms and what they automate: batches, judges, translation, support, labels, programmers behind one address."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.clock import Habits, Pace, nightly, queue, sessions, singles
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
from stillwatch.bench.second_hand.roster import Accounts, Standing, company_domain, company_name, organisation
from stillwatch.bench.second_hand.scene import STACK
from stillwatch.bench.second_hand.text import about, grammar, n_topics
from stillwatch.bench.second_hand.traffic import Made, settings_table

__all__ = ["agency", "batch", "judges", "labelling", "office", "support"]

Ints = NDArray[np.int64]


def _keys(place: Place, n: int, standing: Standing) -> Accounts:
    domain = company_domain(company_name(place.rng))
    return organisation(place.rng, n, domain=domain, newest_us=place.span[0], standing=standing)


def _some_topics(place: Place, n: int) -> Ints:
    """The few topics a firm deals with."""
    return place.rng.choice(n_topics(), n, replace=False)


def batch(place: Place, name: str, number: int, n: int) -> list[Made]:
    """Cron starts it every night; each key works off the same number of records."""
    rng, rules = place.rng, grammar("innocent")
    n_keys = int(min(int(rng.integers(4, 31)), max(2, n // 20)))
    hours = float(rng.uniform(1, 5))
    when = nightly(rng, n, *place.span, at_h=float(rng.integers(0, 48)) / 2 % 19, hours=hours)
    at = singles(when, np.zeros(n, np.int64))
    tasks = [str(t) for t in rng.choice(rules["record_task"], int(rng.integers(1, 3)), replace=False)]
    subject = _some_topics(place, int(rng.integers(3, 12)))
    verified = int(rng.integers(1, 3))
    declared = "fleet" if verified == 2 and rng.random() < 0.5 else None
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_keys, Standing(verified, None, declared)),
        account=np.arange(n) % n_keys,
        at=at,
        prompt=talk_of(rng, at, rng.choice(subject, n), tasks, []),
        exits="datacentre",
        stacks=common_stacks(rng, place.scene, 1),
        choices=settings_table([{"temperature": 0.0, "max_tokens": int(rng.choice([256, 512, 1024]))}]),
        named=False,
        answer_tokens=110.0,
    )
    return [finish(place, unit)]


def judges(place: Place, name: str, number: int, n: int) -> list[Made]:
    """A fleet grades what the firm's own bot said; load follows the bot's customers."""
    rng, rules = place.rng, grammar("innocent")
    n_keys = int(min(int(rng.integers(6, 41)), max(2, n // 15)))
    when = queue(
        rng, n, place.span, Pace(runs=int(rng.integers(4, 20)), nights_off=bool(rng.random() < 0.5), jitter=0.8)
    )
    at = singles(when, np.zeros(n, np.int64))
    subject = rng.choice(_some_topics(place, 8), n)
    talk = ordinary(place, singles(when, rng.integers(0, 400, n)), real=place.reading.desk, first="desk")
    policy = rules.draw(rng, "support_system", 1, {**about(rng, subject[:1]), "company": pa.array([company_name(rng)])})
    form = str(rng.choice(rules["judge_pair"]))
    prompt = rules.render(rng, [form], np.zeros(n, np.int64), {**about(rng, subject), "item": talk})
    verified = int(rng.integers(0, 3))
    declared = "evaluation" if verified == 2 and rng.random() < 0.5 else None
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_keys, Standing(verified, None, declared)),
        account=rng.integers(0, n_keys, n),
        at=at,
        prompt=prompt,
        system=pa.repeat(f"Grade strictly. Policy of the bot under test: {policy[0].as_py()}", n),
        exits="server",
        stacks=common_stacks(rng, place.scene, 1),
        choices=settings_table([{"temperature": 0.0, "max_tokens": 400}]),
        named=False,
        answer_tokens=90.0,
    )
    return [finish(place, unit)]


def agency(place: Place, name: str, number: int, n: int) -> list[Made]:
    """Translators of one agency, each with a language, a key and hours of their own."""
    rng, rules = place.rng, grammar("innocent")
    n_keys = int(min(int(rng.integers(5, 26)), max(3, n // 20)))
    habits = Habits(mean_turns=8.0, office=0.9, zones=6, pause_s=40.0, evenness=0.4)
    at = sessions(rng, n, n_keys, place.span, habits)
    targets = pa.array(rules["language"]).take(pa.array(rng.integers(0, len(rules["language"]), n_keys)[at.person]))
    clients = 2 + int(rng.integers(6))
    tone = pa.array(rules["trait"]).take(pa.array(at.session % clients))
    subject = topics(rng, at, n_home=3)
    form = str(rng.choice(rules["localise"]))
    given = {**about(rng, subject), "target": targets, "tone": tone}
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_keys, Standing(int(rng.integers(1, 3)))),
        account=at.person,
        at=singles(at.time_us, at.person),
        prompt=rules.render(rng, [form], np.zeros(n, np.int64), given),
        exits="home",
        stacks=common_stacks(rng, place.scene, 2),
        choices=common_settings(rng, place.scene, 1),
        answer_tokens=60.0,
    )
    return [finish(place, unit)]


def support(place: Place, name: str, number: int, n: int) -> list[Made]:
    """A help-desk service: one prompt with blanks, a key for each tenant, customers of tenants behind it."""
    rng, rules = place.rng, grammar("innocent")
    n_tenants = int(min(int(rng.integers(8, 61)), max(3, n // 25)))
    n_people = max(n_tenants, n // 4)
    at = sessions(rng, n, n_people, place.span, Habits(mean_turns=3.0, office=0.3, pause_s=45.0))
    tenant = (at.person % n_tenants).astype(np.int64)
    trade = rng.integers(0, n_topics(), n_tenants)
    form = str(rng.choice(rules["support_system"]))
    companies = pa.array([company_name(rng).title() for _ in range(n_tenants)])
    given = {**about(rng, trade), "company": companies}
    systems = rules.render(rng, [form], np.zeros(n_tenants, np.int64), given)
    typed = talk_of(rng, at, trade[tenant], rules["desk"], rules["desk"])
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_tenants, Standing(2, None, "fleet" if rng.random() < 0.4 else None)),
        account=tenant,
        at=at,
        prompt=typed if not len(place.reading.desk) else ordinary(place, at, real=place.reading.desk, first="desk"),
        system=systems.take(pa.array(tenant)),
        exits="datacentre",
        stacks=common_stacks(rng, place.scene, 1),
        choices=settings_table([{"temperature": 0.3, "max_tokens": 600}]),
        end_users=bool(rng.random() < 0.5),
        answer_tokens=120.0,
    )
    return [finish(place, unit)]


def labelling(place: Place, name: str, number: int, n: int) -> list[Made]:
    """A vendor pre-labels clients' data in shifts; workstations have keys."""
    rng, rules = place.rng, grammar("innocent")
    n_keys = int(min(int(rng.integers(6, 31)), max(3, n // 20)))
    habits = Habits(mean_turns=20.0, office=1.0, zones=1, pause_s=14.0, evenness=0.9)
    at = sessions(rng, n, n_keys, place.span, habits)
    written = singles(at.time_us, rng.integers(0, max(5, n // 6), n))
    form = (
        str(rng.choice(rules["label"])).replace("{k}", str(rng.integers(1, 9))).replace("{n}", str(rng.integers(0, 20)))
    )
    given = {**about(rng, topics(rng, written)), "item": ordinary(place, written, real=place.reading.everyday)}
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_keys, Standing(int(rng.integers(0, 3)))),
        account=at.person,
        at=singles(at.time_us, at.person),
        prompt=rules.render(rng, [form], np.zeros(n, np.int64), given),
        exits="office",
        stacks=common_stacks(rng, place.scene, 1),
        choices=settings_table([{"temperature": 0.0, "max_tokens": 200}]),
        named=False,
        answer_tokens=40.0,
    )
    return [finish(place, unit)]


def office(place: Place, name: str, number: int, n: int) -> list[Made]:
    """Programmers of one firm, one coding agent, one address."""
    rng, rules, scene = place.rng, grammar("innocent"), place.scene
    n_people = int(min(int(rng.integers(15, 81)), max(5, n // 15)))
    at = sessions(rng, n, n_people, place.span, Habits(mean_turns=9.0, office=0.95, zones=1, pause_s=50.0))
    projects = _some_topics(place, 4)
    stacks, system = common_stacks(rng, scene, 2), None
    if scene.agents.num_rows:
        agent = int(rng.integers(scene.agents.num_rows))
        stacks = scene.agents.select(list(STACK)).slice(agent, 1)
        system = pa.repeat(scene.agents["system_text"][agent].as_py(), n)
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=_keys(place, n_people, Standing(int(rng.integers(1, 3)))),
        account=at.person,
        at=at,
        prompt=talk_of(rng, at, projects[at.person % 4], rules["code_turn"], [*rules["code_turn"], *rules["more"]]),
        system=system,
        exits="office",
        stacks=stacks,
        choices=common_settings(rng, scene, 1),
        tools=True,
        answer_tokens=450.0,
    )
    return [finish(place, unit)]
