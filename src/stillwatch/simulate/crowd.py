"""People: their clients, places and topics, and what they say when they act."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stillwatch.simulate.activity import Activity
from stillwatch.simulate.arrays import FloatArray, IntArray
from stillwatch.simulate.networks import Places
from stillwatch.simulate.world import START_US, World

__all__ = ["Crowd", "converse", "gather", "moments"]

_TOPICS = 5
_OFF_TOPIC = 0.12
_FOLLOW_UP = 0.55


@dataclass(frozen=True, slots=True)
class Crowd:
    """Some people; arrays by person.

    home, roam    The two places they call from, and `roam_share`, how often from the second.
    topics        What they talk about, most frequent first, shape (people, 5).
    """

    account: IntArray
    build: IntArray
    setting: IntArray
    model: IntArray
    home: Places
    roam: Places
    roam_share: FloatArray
    topics: IntArray


def _topics(world: World, rng: np.random.Generator, n: int, pool: str) -> IntArray:
    """Topics of `n` people: one to begin with, most others near it."""
    weights = world.library.pools[pool].weights()
    first = rng.choice(len(weights), n, p=weights)
    near = first[:, None] + rng.integers(-3, 4, (n, _TOPICS))
    far = rng.choice(len(weights), (n, _TOPICS), p=weights)
    topics = np.where(rng.random((n, _TOPICS)) < 0.6, near, far) % len(weights)
    topics[:, 0] = first
    return topics


def gather(world: World, rng: np.random.Generator, account: IntArray, *, pool: str = "chat") -> Crowd:
    """Unrelated people, each behind the given account."""
    n = len(account)
    return Crowd(
        account=account,
        build=world.clients.popular_builds(rng, n),
        setting=world.clients.popular_settings(rng, n),
        model=world.clients.models(rng, n),
        home=world.networks.mixed(rng, {"home": 62, "office": 14, "datacentre": 16, "campus": 3, "vpn": 5}, n),
        roam=world.networks.mixed(rng, {"mobile": 60, "office": 25, "vpn": 8, "home": 7}, n),
        roam_share=rng.beta(0.6, 2.5, n),
        topics=_topics(world, rng, n, pool),
    )


def moments(time_s: FloatArray) -> IntArray:
    """Microseconds since 1970 for seconds since the start of the window."""
    return START_US + (time_s * 1e6).astype(np.int64)


def converse(
    world: World, rng: np.random.Generator, people: Crowd, activity: Activity, pool: str = "chat"
) -> dict[str, npt.NDArray[Any]]:
    """Draft columns of what the people ask, in the order of the activity."""
    who, turn, n = activity.person, activity.turn, len(activity.person)
    n_talks = int(activity.conversation[-1]) + 1 if n else 0
    n_sessions = int(activity.session[-1]) + 1 if n else 0
    slot = np.minimum((rng.random(n_talks) ** 2.0 * _TOPICS).astype(np.int64), _TOPICS - 1)
    head = np.flatnonzero(turn == 1)
    topic = people.topics[who[head], slot]
    strays = rng.random(n_talks) < _OFF_TOPIC
    weights = world.library.pools[pool].weights()
    topic = np.where(strays, rng.choice(len(weights), n_talks, p=weights), topic)[activity.conversation]
    body = world.library.pools[pool].draw(rng, topic)
    follows = (turn > 1) & (rng.random(n) < _FOLLOW_UP)
    body = np.where(follows, world.library.pools["followup"].draw(rng, topic), body)
    # a person's place changes between sessions only
    session_head = np.flatnonzero(np.diff(activity.session, prepend=-1))
    away = (rng.random(n_sessions) < people.roam_share[who[session_head]])[activity.session]
    return {
        "time_us": moments(activity.time_s),
        "account": people.account[who],
        "session": world.roster.issue(n_sessions)[activity.session],
        "conversation": world.roster.issue(n_talks)[activity.conversation],
        "turn": turn,
        "body": body,
        "build": people.build[who],
        "setting": people.setting[who],
        "model": people.model[who],
        "network": np.where(away, people.roam.network[who], people.home.network[who]),
        "host": np.where(away, people.roam.host[who], people.home.host[who]),
    }
