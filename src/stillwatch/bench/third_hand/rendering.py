"""The requests of a plan as tables: texts, clients, addresses, accounts and truth, a piece at a time."""

import zlib
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from stillwatch.bench.second_hand.traffic import Made
from stillwatch.bench.third_hand.attack import Plan, plan
from stillwatch.bench.third_hand.clock import DAY_US, HOUR_US, Ints
from stillwatch.bench.third_hand.library import Library
from stillwatch.bench.third_hand.operator import Operator, Pool, hire
from stillwatch.bench.third_hand.persona import follow, own
from stillwatch.bench.third_hand.roster import Addresses, Book, cards, clients, harvester, homes, hosted, names, signups
from stillwatch.bench.third_hand.rows import PIECE, Draft, Truth, accounts, merged, table
from stillwatch.bench.third_hand.scene import Scene, weights
from stillwatch.bench.third_hand.spinning import draw_keys, picked, scattered
from stillwatch.bench.third_hand.traits import Trait
from stillwatch.bench.third_hand.wording import prompts

__all__ = ["campaign"]

_DAY_AND_A_HALF = 36 * HOUR_US


@dataclass(frozen=True, slots=True)
class _Ground:
    """What an operation stands on."""

    scene: Scene
    book: Book
    places: Addresses
    programs: list[tuple[str, str, str]]
    stock: int
    salt: int


def _book(rng: np.random.Generator, scene: Scene, operator: Operator, made: Plan) -> Book:
    n = made.accounts
    first = np.full(n, 2**62)
    np.minimum.at(first, made.account, made.time)
    opened = signups(rng, operator.signup, n, operator.start_us)
    late = first > operator.start_us + 3 * DAY_US
    fresh = first - (rng.exponential(1.0, n) * DAY_US).astype(np.int64) - HOUR_US // 2
    opened = np.minimum(np.where(late & (operator.signup != "aged"), fresh, opened), first - HOUR_US // 4)
    common = [str(d) for d in rng.choice([d for d, _ in scene.domains], n, p=weights(scene.domains))]
    throwaway = [f"{name}.example" for name in names(rng, int(rng.integers(1, 5)))]
    cheap = rng.random(n) < rng.choice([0.0, 0.2, 0.7])
    domain = tuple(str(rng.choice(throwaway)) if c else d for c, d in zip(cheap, common, strict=True))
    teams = rng.random(n) < rng.choice([0.0, 0.1, 0.3])
    return Book(
        organisation=np.where(teams, np.arange(n), -1),
        created_us=opened,
        payment=cards(rng, operator.cards, n),
        domain=domain,
        programme=(None,) * n,
        verified=rng.choice(3, n, p=[0.62, 0.33, 0.05]),
        declared=(None,) * n,
    )


def _ground(rng: np.random.Generator, scene: Scene, operator: Operator, made: Plan, salt: int) -> _Ground:
    n = made.accounts
    if operator.network == "hosted":
        places = hosted(rng, scene, max(2, n // int(rng.integers(3, 30))), blocks=int(rng.integers(1, 5)))
    elif operator.network == "blocks":
        places = homes(rng, scene, n, blocks=max(2, n // int(rng.integers(4, 20))))
    elif operator.network == "each":
        places = homes(rng, scene, n)
    else:
        places = homes(rng, scene, int(min(4 * n + 50, 20_000)))
    stock = 1
    if operator.program in ("own", "false"):
        stock = int(rng.integers(1, 5))
        programs = harvester(rng, scene, stock)
        if operator.program == "false":
            shown = clients(rng, scene, 1, top=4)[0]
            programs = [(shown[0], shown[1], tls) for _, _, tls in programs]
    elif operator.program == "copied" and scene.systems:
        text = operator.templates[0].system
        programs = [next(c for s, c in scene.systems if (s,) == text)]
    else:
        programs = clients(rng, scene, min(n, 3000), top=4 if operator.program == "popular" else 60)
        stock = 0
    return _Ground(scene, _book(rng, scene, operator, made), places, programs, stock, salt)


def _place(ground: _Ground, operator: Operator, account: Ints, time: Ints) -> Ints:
    count = np.uint64(len(ground.places))
    if operator.network == "rotating":
        return (draw_keys(time, ground.salt) % count).astype(np.int64)
    if operator.network == "sticky":
        return (draw_keys(account * 4096 + time // (HOUR_US // 3) % 4096, 3) % count).astype(np.int64)
    if operator.network == "each":
        return account % len(ground.places)
    return (draw_keys(account, 5) % count).astype(np.int64)


def _client(ground: _Ground, operator: Operator, account: Ints, time: Ints) -> Ints:
    """Each account's own, or the version of the operator's program that its machine had by then."""
    if not ground.stock:
        return account % len(ground.programs)
    lag = (draw_keys(account, 7) % np.uint64(100)).astype(np.int64) / 100 * _DAY_AND_A_HALF
    done = (time - operator.start_us - lag) / max(1, operator.end_us - operator.start_us)
    return np.clip((done * ground.stock).astype(np.int64), 0, len(ground.programs) - 1)


def _texts(operator: Operator, pool: Pool, made: Plan, at: Ints, salt: int) -> tuple[pa.Array, pa.Array]:
    """Prompts and system prompts of some rows."""
    person, turn, wording = made.person[at], made.turn[at], made.wording[at]
    rows, texts, systems = [], [], []
    for i, template in enumerate(operator.templates):
        mine = np.flatnonzero((person < 0) & (made.template[at] == i))
        if len(mine):
            question = pool.text(made.item[at][mine])
            text, system = prompts(
                template, question, draw_keys(wording[mine] // 64 * 64 + wording[mine] % 64 // 32, salt)
            )
            agentic = "agent" in operator.trait.works
            rows.append(mine)
            texts.append(follow(text, turn[mine], wording[mine], "follow" if agentic else "chatter", 0.95))
            systems.append(system)
    crowd = np.flatnonzero(person >= 0)
    if len(crowd):
        roles = () if "chatter" in operator.trait.marks else ("chat", "enterprise")
        said = own(pool.library, person[crowd], wording[crowd], salt, roles=roles)
        rows.append(crowd)
        texts.append(follow(said, turn[crowd], wording[crowd]))
        systems.append(pa.nulls(len(crowd), pa.string()))
    return scattered(texts, rows), scattered(systems, rows)


def _models(
    rng: np.random.Generator, operator: Operator, scene: Scene, time: Ints, account: Ints
) -> tuple[pa.Array, pa.Array]:
    """Model and provider of each row; who moves brings half its traffic over within a day of the release."""
    n = len(time)
    moved = rng.random(n) < np.clip((time - operator.moves_at_us) / DAY_US, 0, 1) * rng.uniform(0.5, 0.95)
    if "pivot" in operator.trait.marks:
        moved = rng.random(n) < np.clip((time - operator.moves_at_us) / DAY_US * 0.5, 0, 0.9)
    spread = rng.random(n) < 0.04
    others = np.array([m for m, _ in scene.models])
    model = np.where(moved, scene.newest[0], np.where(spread, others[rng.integers(0, len(others), n)], operator.model))
    provider = np.full(n, scene.provider, dtype=object)
    if "providers" in operator.trait.marks:
        rivals = ("meridian", "cassia")
        which = account % 3
        for i, rival in enumerate(rivals, 1):
            provider[which == i] = rival
            model = np.where(which == i, f"{rival}-large", model)
    return pa.array(model.astype(str)), pa.array(provider, pa.string())


def _piece(rng: np.random.Generator, ground: _Ground, operator: Operator, pool: Pool, made: Plan, at: Ints) -> pa.Table:
    time, account, n = made.time[at], made.account[at], len(at)
    system_salt = ground.salt % 2**31
    prompt, system = _texts(operator, pool, made, at, system_salt)
    model, provider = _models(np.random.default_rng(ground.salt + int(at[0])), operator, ground.scene, time, account)
    conversation = made.conversation[at]
    session = {"day": account * 512 + time // DAY_US % 512, "conversation": conversation}.get(operator.session)
    per_account = ground.scene.knobs.num_rows > 100
    relayed = "relay" in operator.trait.marks
    draft = Draft(
        time_us=time,
        account=account,
        conversation=conversation,
        session=np.full(n, -1) if session is None else session,
        end_user=np.where(made.person[at] >= 0, made.person[at], account)
        if relayed and operator.cards == "gift"
        else np.full(n, -1),
        turn=made.turn[at],
        client=_client(ground, operator, account, time),
        address=_place(ground, operator, account, time),
        knob=account % ground.scene.knobs.num_rows if per_account else rng.integers(0, ground.scene.knobs.num_rows, n),
        model=model,
        prompt=prompt,
        system=system,
        status=made.status[at],
        has_tools=(made.person[at] < 0) & ("agent" in operator.trait.works),
        answer_tokens=operator.templates[0].answer_tokens,
        provider=provider,
    )
    return table(rng, draft, ground.book, ground.places, ground.programs, (ground.scene, ground.salt, int(at[0])))


def _operation(
    rng: np.random.Generator, looks: tuple[Scene, Library], operator: Operator, pool: Pool, unit: tuple[str, int]
) -> Made:
    entity, salt = unit
    scene, _ = looks
    made = plan(rng, operator, pool, scene)
    ground = _ground(rng, scene, operator, made, salt)
    n = len(made.time)
    pieces = [np.arange(i, min(i + PIECE, n)) for i in range(0, n, PIECE)]
    exchanges = pa.concat_tables([_piece(rng, ground, operator, pool, made, at) for at in pieces])
    whose = picked(pa.array([entity]), np.zeros(n, np.int64))
    truth = Truth(operator.trait.name, whose, operator.trait.name, made.person < 0)
    return merged(exchanges, truth, accounts(scene, ground.book, salt))


def campaign(scene: Scene, library: Library, trait: Trait, scale: float, seed: int) -> list[Made]:
    """Everything that one operator of a scenario sends: one table, or one for each of its rings."""
    code = zlib.crc32(trait.name.encode())
    rng = np.random.default_rng([seed, code, 3])
    operator, pool, chosen = hire(rng, scene, trait, scale, library)
    scene = replace(scene, knobs=chosen)
    rings = max(1, round(operator.accounts / rng.integers(24, 45))) if "rings" in trait.marks else 1
    salt = int(np.random.default_rng([seed, code, 5]).integers(2**56))
    made = []
    for ring in range(rings):
        share = replace(operator, n=max(1, operator.n // rings), accounts=max(24, operator.accounts // rings))
        if ring and "rings" in trait.marks:
            share = replace(share, network=str(rng.choice(trait.network)), dispatch=str(rng.choice(trait.dispatch)))
        unit = (f"third-{trait.name}-{seed}-{ring}", salt + 1000 * ring)
        made.append(_operation(rng, (scene, library), share, pool, unit))
    return made
