"""Where people learn together: classes, hackathons, laboratories. Much alike at once, and nobody's campaign."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.clock import Habits, Sessions, deadline, lengths, sessions, singles, unfold
from stillwatch.bench.second_hand.innocents.unit import (
    Place,
    Unit,
    common_settings,
    common_stacks,
    finish,
    items,
    talk_of,
    topics,
)
from stillwatch.bench.second_hand.marks import uniform
from stillwatch.bench.second_hand.network import Exits, leave
from stillwatch.bench.second_hand.roster import Standing, company_name, individuals, organisation
from stillwatch.bench.second_hand.scene import DAY_US, HOUR_US
from stillwatch.bench.second_hand.text import about, grammar, n_topics, topic_name
from stillwatch.bench.second_hand.traffic import Made

__all__ = ["classroom", "hackathon", "laboratory"]

Ints = NDArray[np.int64]


def classroom(place: Place, name: str, number: int, n: int) -> list[Made]:
    """One assignment for everybody, handed in at one hour, from lecture halls and homes."""
    rng, span = place.rng, place.span
    n_students = max(8, min(180, n // int(rng.integers(4, 12))))
    turns = lengths(rng, n, 2.0)
    due = span[0] + int(rng.uniform(0.35, 0.95) * (span[1] - span[0])) // HOUR_US * HOUR_US
    heads = deadline(rng, len(turns), due, spread_h=float(rng.uniform(5, 50)), earliest_us=span[0])
    who = rng.integers(0, n_students, len(turns))
    at = unfold(rng, heads, who, turns, pause_s=150.0, end_us=span[1])
    college = company_name(rng).split()[0].lower()
    accounts = replace(
        individuals(rng, place.scene, n_students, newest_us=span[0], mean_age_d=40),
        domain=pa.repeat(f"{college}-college.example", n_students),
        programme=pa.array(["education"] * n_students, mask=rng.random(n_students) < 0.35),
    )
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=accounts,
        account=at.person,
        at=at,
        prompt=_homework(place, at),
        exits=_hall_or_home(place, at),
        stacks=common_stacks(rng, place.scene, 4),
        choices=common_settings(rng, place.scene, 2),
    )
    return [finish(place, unit)]


def _homework(place: Place, at: Sessions) -> pa.Array:
    """The sheet says most of it; the draft is each student's."""
    rng, rules = place.rng, grammar("innocent")
    topic = int(rng.integers(n_topics()))
    fixed = about(rng, np.array([topic]))["term"][0].as_py()
    course = str(rng.choice(rules["course"])).replace("{topic}", topic_name(topic).capitalize())
    sheet = str(rng.choice(rules["assignment"])).replace("{k}", str(rng.integers(1, 9)))
    sheet = sheet.replace("{course_name}", course).replace("{fixed}", str(fixed))
    return talk_of(rng, at, np.full(len(at.turn), topic), [sheet], rules["more"])


def _hall_or_home(place: Place, at: Sessions) -> Exits:
    """Office hours on the one address of the college, the rest at home."""
    salt = int(place.rng.integers(1 << 60))
    hall = leave(place.scene, "office", salt, at.person, at.time_us)
    home = leave(place.scene, "home", salt + 1, at.person, at.time_us)
    there = uniform(salt + 2, at.session) < 0.55
    return Exits(
        pa.array(
            np.where(there, hall.address.to_numpy(zero_copy_only=False), home.address.to_numpy(zero_copy_only=False))
        ),
        np.where(there, hall.asn, home.asn),
        pa.array(
            np.where(there, hall.country.to_numpy(zero_copy_only=False), home.country.to_numpy(zero_copy_only=False))
        ),
    )


def hackathon(place: Place, name: str, number: int, n: int) -> list[Made]:
    """New accounts on one network in one weekend, all from the organisers' starter code."""
    rng, rules, span = place.rng, grammar("innocent"), place.span
    n_people = max(10, min(160, n // int(rng.integers(5, 15))))
    weeks = max(1, int((span[1] - span[0]) // (7 * DAY_US)))
    friday = span[0] + int(4.7 * DAY_US) + int(rng.integers(weeks)) * 7 * DAY_US
    begin = friday if friday + 2 * DAY_US <= span[1] else span[0]
    end = min(span[1], begin + int(2.1 * DAY_US))
    at = sessions(rng, n, n_people, (begin, end), Habits(mean_turns=4.0, office=0.3, zones=1, pause_s=60.0))
    first_us = np.full(n_people, end)
    np.minimum.at(first_us, at.person, at.time_us)
    accounts = replace(
        individuals(rng, place.scene, n_people, newest_us=span[0]),
        created_us=first_us - rng.integers(HOUR_US // 12, 9 * HOUR_US, n_people),
        payment=np.full(n_people, -1),
        programme=pa.array(["startup"] * n_people, mask=rng.random(n_people) < 0.3),
    )
    event = company_name(rng).split()[0]
    team = at.person // 4
    team_topic = rng.integers(0, n_topics(), int(team.max()) + 1)[team]
    starter = str(rng.choice(rules["starter_system"])).replace("{event}", event)
    named = pa.array([topic_name(int(t)) for t in range(n_topics())]).take(pa.array(team_topic))
    word = pa.array(rules["audience_word"]).take(pa.array(team % len(rules["audience_word"])))
    given = {"topic": named, "audience_word": word}
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=accounts,
        account=at.person,
        at=at,
        prompt=talk_of(rng, at, team_topic, rules["starter"], [*rules["starter"], *rules["more"]]),
        system=rules.render(rng, [starter], np.zeros(len(team), np.int64), given),
        exits="office",
        stacks=common_stacks(rng, place.scene, 3),
        choices=common_settings(rng, place.scene, 1),
    )
    return [finish(place, unit)]


def laboratory(place: Place, name: str, number: int, n: int) -> list[Made]:
    """Graduate students sample one data set for a study; half of the laboratories told the provider."""
    rng, rules, span = place.rng, grammar("innocent"), place.span
    n_students = max(5, min(30, n // 40))
    at = sessions(rng, n, n_students, span, Habits(mean_turns=6.0, office=0.7, zones=1, pause_s=9.0, evenness=0.5))
    told = number % 2 == 0
    standing = Standing(2, "research", "evaluation") if told else Standing(1, None)
    domain = f"{company_name(rng).split()[0].lower()}-university.example"
    accounts = organisation(rng, n_students, domain=domain, newest_us=span[0], standing=standing)
    own = rng.random(n_students) < (0.0 if told else 0.6)
    accounts = replace(accounts, payment=np.where(own, 1 + np.arange(n_students), 0))
    study = str(rng.choice(rules["study"])).replace("{exp}", f"{company_name(rng).split()[0]}-{rng.integers(1, 9)}")
    size = max(60, n // int(rng.integers(1, 5)))
    pool = items(place, size)
    given = {
        "item": pool.take(pa.array(rng.permutation(np.arange(n) % size))),
        "cond": pa.array(["A", "B", "control"]).take(pa.array(rng.integers(0, 3, n))),
    }
    prompt = rules.render(rng, [study], np.zeros(n, np.int64), {**about(rng, topics(rng, at)), **given})
    unit = Unit(
        population=name,
        entity=f"{name}-{number}",
        accounts=accounts,
        account=at.person,
        at=singles(at.time_us, at.person),
        prompt=prompt,
        exits="office" if rng.random() < 0.6 else "home",
        stacks=common_stacks(rng, place.scene, 2),
        choices=common_settings(rng, place.scene, 1),
    )
    return [finish(place, unit)]
