"""Where requests come from: proxies of several kinds for operators, homes, offices and servers for others."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.bench.second_hand.marks import hashed, pick, uniform
from stillwatch.bench.second_hand.scene import HOUR_US, Scene

__all__ = ["EXITS", "Exits", "leave"]

Ints = NDArray[np.int64]

EXITS: Final = ("rotating", "sticky", "static", "mobile", "vpn", "datacentre", "cloud", "home", "office", "server")
"""
rotating    residential, another address for each request
sticky      residential, one address an account for a quarter of an hour
static      one rented address an account, many in the same few networks
mobile      a handful of carrier addresses, sticky for an hour
vpn         a dozen exits shared by all accounts, sticky for hours
datacentre  one /24
cloud       functions: any address of one hoster
home        one address an account, now and then another one of the same network or a phone's
office      one address for all
server      one hosted address an account
"""

_OCTETS: Final = pa.array([str(i) for i in range(256)])


@dataclass(frozen=True, slots=True)
class Exits:
    """Address, AS number and country of each row."""

    address: pa.Array
    asn: Ints
    country: pa.Array


def leave(scene: Scene, kind: str, salt: int, account: Ints, time_us: Ints) -> Exits:
    """The exits of rows; equal salts lead through the same networks.

    account     Any code; rows of one account may share exits, as the kind says.
    """
    hosting = kind in {"static", "datacentre", "cloud", "server", "vpn"}
    nets = _networks(scene, hosting=hosting)
    spread = {"rotating": len(nets), "sticky": len(nets), "home": len(nets), "static": 6, "vpn": 5, "mobile": 2}
    few = nets[_weighted(scene, nets, salt, min(len(nets), spread.get(kind, 1 if kind != "server" else 40)))]
    net, host = _place(kind, salt, few, account, time_us)
    return _addresses(scene, net, host)


def _networks(scene: Scene, *, hosting: bool) -> Ints:
    wanted = scene.networks["hosting"].to_numpy() == hosting
    found = np.flatnonzero(wanted)
    return found if len(found) else np.arange(len(wanted))


def _weighted(scene: Scene, nets: Ints, salt: int, n: int) -> Ints:
    """Places of `n` networks, drawn by how many accounts they hold, each once."""
    weight = scene.networks["accounts"].to_numpy()[nets].astype(np.float64)
    race = -np.log(1.0 - uniform(salt, nets)) / weight
    return np.argsort(race, kind="stable")[:n]


def _place(kind: str, salt: int, nets: Ints, account: Ints, time_us: Ints) -> tuple[Ints, Ints]:
    """Network and the last sixteen bits of the address, row by row."""
    row, hour = np.arange(len(account)), time_us // HOUR_US
    one = np.zeros(len(account), np.int64)
    if kind == "rotating":
        keys: tuple[Ints, ...] = (account, time_us, row)
    elif kind == "sticky":
        keys = (account, time_us // (HOUR_US // 4))
    elif kind == "mobile":
        keys = (pick(salt, 60, account, hour),)
    elif kind == "vpn":
        keys = (pick(salt, 12, account, hour // 6),)
    elif kind == "home":
        away = uniform(salt + 3, account, hour // 8) < 0.12
        return _home(salt, nets, account, np.where(away, hour // 24, -(hour // 100)))
    elif kind in {"datacentre", "office"}:
        third = int(hashed(salt + 9, one[:1])[0] % np.uint64(256))
        last = pick(salt + 2, 8, account) + 10 if kind == "datacentre" else one + third // 2 + 3
        return nets[one], third * 256 + last
    elif kind == "cloud":
        keys = (time_us // (HOUR_US // 60), row % 97)
    else:
        keys = (account,)
    host = (hashed(salt + 2, *keys) % np.uint64(65_000)).astype(np.int64)
    if kind == "static":  # rented by the block: a few /24 of each network
        host = pick(salt + 4, 5, account) * 256 + host % 254 + 1
    return nets[pick(salt + 1, len(nets), *keys)], host


def _home(salt: int, nets: Ints, account: Ints, lease: Ints) -> tuple[Ints, Ints]:
    return nets[pick(salt + 1, len(nets), account)], pick(salt + 2, 65_000, account, lease)


def _addresses(scene: Scene, net: Ints, host: Ints) -> Exits:
    at = pa.array(net)
    third, fourth = _OCTETS.take(pa.array(host // 256)), _OCTETS.take(pa.array(host % 256))
    prefix = scene.networks["prefix"].combine_chunks().take(at)
    return Exits(
        address=pc.binary_join_element_wise(prefix, third, fourth, "."),
        asn=scene.networks["asn"].to_numpy()[net],
        country=scene.networks["country"].combine_chunks().take(at),
    )
