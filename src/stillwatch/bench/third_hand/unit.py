"""One unit of legitimate customers: people with topics and hours, or a firm's job, behind accounts of their own."""

import zlib
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.bench.second_hand.traffic import Made
from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US, Ints, turns_of
from stillwatch.bench.third_hand.crowd import Crowd, gathered
from stillwatch.bench.third_hand.exercises import benchmark
from stillwatch.bench.third_hand.kinds import Kind
from stillwatch.bench.third_hand.library import Library, nouns, numbers
from stillwatch.bench.third_hand.operator import gather, knobs
from stillwatch.bench.third_hand.persona import follow, own, spoken
from stillwatch.bench.third_hand.relay import restocked
from stillwatch.bench.third_hand.roster import Addresses, Book, cards, clients, harvester, homes, hosted, names, signups
from stillwatch.bench.third_hand.rows import Draft, Truth, accounts, merged, table
from stillwatch.bench.third_hand.scene import Scene, weights
from stillwatch.bench.third_hand.spinning import Choice, Field, Pattern, draw_keys, picked, render, scattered
from stillwatch.bench.third_hand.told import told
from stillwatch.bench.third_hand.wording import BARE, Template, agent_system, lines, prompts, templates

__all__ = ["units"]

_SOME: Final = ("en", "en", "en", "es", "de", "zh", "ru")


def _plain(pattern: Pattern, rng: np.random.Generator, about: tuple[str, ...]) -> Pattern:
    """An assignment of one class: its topics are written down."""
    nodes: list[str | Field | Choice] = []
    for node in pattern:
        if isinstance(node, Choice):
            nodes.append(Choice(tuple(_plain(o, rng, about) for o in node.options)))
        elif isinstance(node, Field) and node.name == "t":
            nodes.append(about[rng.integers(len(about))])
        else:
            nodes.append(node)
    return tuple(nodes)


def _templates(rng: np.random.Generator, kind: Kind, subject: int) -> tuple[Template, ...]:
    if kind.says not in ("template", "edited"):
        return (Template(BARE),)
    count, kept = int(rng.integers(kind.count[0], kind.count[1] + 1)), rng.uniform(*kind.kept)
    if kind.works:
        return templates(rng, kind.works, (str(rng.choice(_SOME)),), count, kept)
    made = []
    about = tuple(rng.choice(nouns(subject), 4))
    glue = str(rng.choice(["\n", "\n\n", " "]))
    for _ in range(count):
        rules = [_plain(p, rng, about) for p in lines(rng, kind.about, most=4, kept=kept)]
        parts: list[str | Field | Choice] = []
        for rule in rules:
            parts.extend([*rule, glue])
        made.append(Template((*parts, Field("q")), answer_tokens=float(rng.uniform(60, 600))))
    return tuple(made)


def _system(rng: np.random.Generator, kind: Kind, person: Ints) -> pa.Array:
    """System prompts: the unit's one, or each person's own project."""
    if not kind.system:
        return pa.nulls(len(person), pa.string())
    if kind.system == "agent":
        pattern: Pattern = agent_system(rng)
        keys = draw_keys(np.zeros_like(person), 1)
    else:
        project = kind.system == "project"
        chosen = lines(rng, "toolprompt" if project else kind.system, most=8, kept=1.0 if project else 0.0)
        nodes: list[str | Field | Choice] = []
        for line in chosen:
            nodes.extend([*line, " "])
        pattern = tuple(nodes)
        keys = draw_keys(person if project else np.zeros_like(person), int(rng.integers(2**40)))
    return render(pattern, keys, {"n": numbers(keys, 5, 2, 40)}, 7)


def _texts(
    rng: np.random.Generator, kind: Kind, library: Library, crowd: Crowd, seed: int
) -> tuple[pa.Array, pa.Array, float]:
    """Prompts, system prompts and the usual length of an answer."""
    if kind.asks:
        text, own_system, length = told(rng, kind, library, crowd, seed)
        return text, pc.coalesce(_system(rng, kind, crowd.person), own_system), length
    n, number, salt = len(crowd.time), np.arange(len(crowd.time)), int(rng.integers(2**31))
    turn, subject = turns_of(crowd.time, crowd.sitting), int(rng.integers(7))
    if kind.listed:
        if kind.listed == "evaluation":
            pool = benchmark(rng, library, seed)
        else:
            pool = gather(rng, library, n + 1, ("en",), role=kind.listed, ordered=False)
        text = pool.text(number % len(pool))
    else:
        fields = (subject,) if kind.about == "essay" else kind.fields
        text = own(library, crowd.person, number, salt, roles=kind.roles, fields=fields)
    if kind.says == "spoken":
        text = spoken(kind.about, text, crowd.person, salt)
    made = _templates(rng, kind, subject)
    system = _system(rng, kind, crowd.person)
    pick = (draw_keys(number if kind.says == "template" else crowd.sitting, salt + 9) % np.uint64(len(made))).astype(
        int
    )
    parts, systems, places = [], [], []
    for i, template in enumerate(made):
        at = np.flatnonzero(pick == i)
        if len(at):
            keys = draw_keys(crowd.person[at] if kind.says == "edited" else number[at], salt)
            prompt, own_system = prompts(template, picked(text, at), keys)
            parts.append(prompt)
            systems.append(own_system)
            places.append(at)
    text, own_system = scattered(parts, places), scattered(systems, places)
    if kind.replies:
        text = follow(text, turn, number, "follow" if kind.system == "agent" else "chatter", kind.replies)
    return text, pc.coalesce(system, own_system), made[0].answer_tokens


def _book(rng: np.random.Generator, kind: Kind, scene: Scene, crowd: Crowd) -> Book:
    n = crowd.accounts
    first = np.full(n, scene.end_us)
    np.minimum.at(first, crowd.account, crowd.time)
    how = str(rng.choice(kind.opened))
    began = int(first.min())
    if how == "restocked":
        opened = restocked(rng, first)
    elif how == "one-day":
        opened = began - int(rng.integers(HOUR_US, 3 * DAY_US)) + rng.integers(0, 8 * HOUR_US, n)
    else:
        opened = signups(rng, how, n, began)
    one_owner = rng.random() < kind.organisation
    paying = str(rng.choice(kind.cards))
    payment = np.zeros(n, np.int64) if paying == "company" else cards(rng, paying, n)
    common = [str(d) for d in rng.choice([d for d, _ in scene.domains], n, p=weights(scene.domains))]
    house = f"{names(rng, 1)[0]}{'.edu' if 'education' in kind.programme else ''}.example"
    together = one_owner or "education" in kind.programme
    apart = rng.random(n) < (rng.uniform(*kind.private) if together else 0.97)
    level = int(rng.choice(kind.verified))
    use = rng.choice(np.array(kind.use, dtype=object))
    return Book(
        organisation=np.zeros(n, np.int64) if one_owner else np.where(rng.random(n) < 0.25, np.arange(1, n + 1), -1),
        created_us=np.minimum(opened, first - HOUR_US // 6),
        payment=payment,
        domain=tuple(d if a else house for d, a in zip(common, apart, strict=True)),
        programme=(rng.choice(np.array(kind.programme, dtype=object)),) * n,
        verified=np.full(n, 2 if use else level) if one_owner or use else rng.choice(kind.verified, n),
        declared=(use,) * n,
    )


def _places(rng: np.random.Generator, kind: Kind, scene: Scene, crowd: Crowd) -> tuple[Addresses, Ints]:
    """Addresses and the one of each row; people at home have their own, and now and then another on the way."""
    network, rows = str(rng.choice(kind.network)), len(crowd.time)
    if network == "hosted":
        found = hosted(rng, scene, int(rng.integers(1, 6)))
        return found, rng.integers(0, len(found), rows)
    if network == "servers":
        return hosted(rng, scene, crowd.accounts, blocks=min(crowd.accounts, len(scene.hosts))), crowd.account
    if network in ("one", "few", "campus"):
        found = homes(rng, scene, int(rng.integers(1, 9)), blocks=4 if network == "few" else 1)
        away = homes(rng, scene, crowd.accounts)
        both = [pa.concat_arrays([getattr(found, c), getattr(away, c)]) for c in ("address", "asn", "country")]
        outside = rng.random(rows) < rng.uniform(0.0, 0.3)
        if network == "campus":
            day = draw_keys(crowd.person * 4096 + crowd.time // DAY_US % 4096, int(rng.integers(2**40)))
            outside = day % np.uint64(1000) < np.uint64(1000 * rng.uniform(0.2, 0.8))
        return Addresses(*both), np.where(outside, len(found) + crowd.account, crowd.person % len(found))
    found = homes(rng, scene, crowd.accounts * 2)
    return found, crowd.account + crowd.accounts * (rng.random(rows) < 0.12)


def _programs(
    rng: np.random.Generator, kind: Kind, scene: Scene, crowd: Crowd
) -> tuple[list[tuple[str, str, str]], Ints]:
    how = str(rng.choice(kind.program))
    if how == "each":
        return clients(rng, scene, crowd.accounts), crowd.account
    if how == "through":
        return clients(rng, scene, int(crowd.person.max()) + 1), crowd.person
    if how == "front":
        shops = [harvester(rng, scene, 1)[0] for _ in range(crowd.fronts)]
        return shops, crowd.person % crowd.fronts
    found = harvester(rng, scene, int(rng.integers(2, 6)) if how == "few" else 1)
    if rng.random() < 0.4:
        found = clients(rng, scene, len(found))
    return found, crowd.account % len(found)


def _unit(
    kind: Kind, looks: tuple[Scene, Library], size: tuple[int, int], number: int, seed: int
) -> tuple[pa.Table, pa.Table, str]:
    code = zlib.crc32(kind.name.encode())
    rng = np.random.default_rng([seed, code, number, 11])
    scene, library = looks
    salt = int(rng.integers(2**56))
    scene = replace(scene, knobs=knobs(rng, scene, str(rng.choice(kind.knobs))))
    kind = replace(kind, program=(str(rng.choice(kind.program)),))
    if kind.program == ("one",) and kind.app:
        kind = replace(kind, system=kind.app)
    crowd = gathered(rng, kind, scene, *size)
    prompt, system, length = _texts(rng, kind, library, crowd, seed)
    n, known = len(crowd.time), [m for m, _ in scene.models]
    chooser = crowd.person if kind.fronts[1] else crowd.account
    taste = rng.choice(len(known), int(chooser.max()) + 1, p=weights(scene.models))
    if kind.organisation == 1.0 or kind.listed or kind.asks == "benchmark":
        taste[:] = taste[0]
    eager = (crowd.time > scene.start_us + scene.newest[1] * (scene.end_us - scene.start_us)) & (rng.random(n) < 0.2)
    model = np.where(eager & (taste[chooser] % 2 == 0), scene.newest[0], np.array(known)[taste[chooser]])
    places, address = _places(rng, kind, scene, crowd)
    programs, client = _programs(rng, kind, scene, crowd)
    none, named = np.full(n, -1), rng.random() < kind.named
    draft = Draft(
        time_us=crowd.time,
        account=crowd.account,
        conversation=crowd.sitting,
        session=crowd.sitting if rng.random() < 0.4 else none,
        end_user=crowd.person if kind.crowd and named else none,
        turn=np.ones(n, np.int64) if kind.listed or not kind.replies else turns_of(crowd.time, crowd.sitting),
        client=client,
        address=address,
        knob=chooser % scene.knobs.num_rows,
        model=pa.array(model.astype(str)),
        prompt=prompt,
        system=system,
        status=np.where(rng.random(n) < 0.006, 429, 200),
        has_tools=np.full(n, kind.system == "agent"),
        answer_tokens=length,
    )
    book = _book(rng, kind, scene, crowd)
    exchanges = table(rng, draft, book, places, programs, (scene, salt, 0))
    return exchanges, accounts(scene, book, salt), f"third-{kind.name}-{seed}-{number}"


def units(scene: Scene, library: Library, kind: Kind, budget: int, seed: int) -> list[Made]:
    """As many independent units of a kind as a budget of exchanges allows, at least one."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.name.encode()), 13])
    made: list[Made] = []
    left = budget
    while left > 0:
        count, each = int(rng.integers(kind.accounts[0], kind.accounts[1] + 1)), int(rng.integers(*kind.each))
        if count * each > budget / 4:
            each = max(kind.each[0], round(budget / 4 / count))
            count = max(kind.accounts[0], min(count, round(budget / 4 / each)))
        n = min(count * each, max(left, count))
        exchanges, known, entity = _unit(kind, (scene, library), (count, n), len(made), seed)
        n = exchanges.num_rows
        whose = picked(pa.array([entity]), np.zeros(n, np.int64))
        made.append(merged(exchanges, Truth(kind.name, whose, None, np.zeros(n, bool)), known))
        left -= n
    return made
