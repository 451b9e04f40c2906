"""Accounts as somebody opened them: when, paid how, under which addresses, with what the provider was shown."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.bench.second_hand.marks import ids
from stillwatch.bench.second_hand.scene import DAY_US, Scene
from stillwatch.bench.second_hand.text import grammar
from stillwatch.model.account import ACCOUNT
from stillwatch.model.exchange import TIME_TYPE

__all__ = ["Accounts", "Standing", "company_domain", "company_name", "individuals", "organisation", "public_domains"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts of one unit or operator, one entry each.

    organisation, payment   Codes; equal codes are equal values, -1 is null.
    programme, declared     Null when none.
    """

    salt: int
    organisation: Ints
    created_us: Ints
    payment: Ints
    domain: pa.Array
    programme: pa.Array
    verified: Ints
    declared: pa.Array

    def __len__(self) -> int:
        """How many there are."""
        return len(self.created_us)

    def only(self, places: Ints) -> "Accounts":
        """Some of them, numbered anew."""
        at = pa.array(places)
        return Accounts(
            self.salt,
            self.organisation[places],
            self.created_us[places],
            self.payment[places],
            self.domain.take(at),
            self.programme.take(at),
            self.verified[places],
            self.declared.take(at),
        )

    @property
    def account_id(self) -> pa.Array:
        """Ids, in order."""
        return ids("acct_", np.arange(len(self)), self.salt)

    @property
    def organisation_id(self) -> pa.Array:
        """Owners, in order."""
        return ids("org_", self.organisation, self.salt + 1)

    def to_table(self) -> pa.Table:
        """Rows of the provider's account table."""
        columns = [
            self.account_id,
            self.organisation_id,
            pa.array(self.created_us, TIME_TYPE),
            ids("pay_", self.payment, self.salt + 2),
            self.domain,
            self.programme,
            pa.array(self.verified, pa.int32()),
            self.declared,
        ]
        return pa.table(columns, schema=ACCOUNT)


def company_name(rng: np.random.Generator) -> str:
    """A name nobody has."""
    rules = grammar("innocent")
    part = rng.choice(rules["syllable"], int(rng.integers(2, 4)))
    return f"{''.join(part).capitalize()} {rng.choice(rules['trade'])}"


def company_domain(name: str) -> str:
    """The domain of a company; reserved, so that it is nobody's."""
    return f"{name.lower().replace(' ', '-')}.example"


def public_domains(rng: np.random.Generator, scene: Scene, n: int) -> pa.Array:
    """E-mail domains as the provider's customers have them, the popular ones."""
    top = scene.domains.slice(0, 14)
    weight = top["accounts"].to_numpy().astype(np.float64)
    place = rng.choice(top.num_rows, n, p=weight / weight.sum())
    return top["email_domain"].combine_chunks().take(pa.array(place))


def individuals(rng: np.random.Generator, scene: Scene, n: int, *, newest_us: int, mean_age_d: float = 200) -> Accounts:
    """Unrelated private people; about one in seven never left a card."""
    age = rng.exponential(mean_age_d, n) * DAY_US
    return Accounts(
        salt=int(rng.integers(1 << 62)),
        organisation=np.full(n, -1),
        created_us=newest_us - age.astype(np.int64) - rng.integers(0, DAY_US, n),
        payment=np.where(rng.random(n) < 0.14, -1, np.arange(n)),
        domain=public_domains(rng, scene, n),
        programme=pa.nulls(n, pa.string()),
        verified=(rng.random(n) < 0.45).astype(np.int64),
        declared=pa.nulls(n, pa.string()),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a provider knows and grants an organisation; see the account record."""

    verified: int = 1
    programme: str | None = None
    declared: str | None = None


def organisation(rng: np.random.Generator, n: int, *, domain: str, newest_us: int, standing: Standing) -> Accounts:
    """Keys of one organisation, opened as it grew, all on its card."""
    grew_us = rng.exponential(300 * DAY_US) + 20 * DAY_US
    programme, declared = standing.programme, standing.declared
    return Accounts(
        salt=int(rng.integers(1 << 62)),
        organisation=np.zeros(n, np.int64),
        created_us=newest_us - (rng.random(n) * grew_us).astype(np.int64),
        payment=np.zeros(n, np.int64),
        domain=pa.repeat(domain, n),
        programme=pa.repeat(programme, n) if programme else pa.nulls(n, pa.string()),
        verified=np.full(n, standing.verified),
        declared=pa.repeat(declared, n) if declared else pa.nulls(n, pa.string()),
    )
