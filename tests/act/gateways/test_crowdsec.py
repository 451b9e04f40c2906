"""What CrowdSec's bouncers read."""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.act.gateways.made import NOW, call, decided, served

from stillwatch.act.gateways.crowdsec import AddressDecision, CrowdSec
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Action, Decision

STREAM = "/v1/decisions/stream"


def about(network: str, action: Action = Action.BLOCK, **more: Any) -> AddressDecision:
    """A decision about an address that somebody has approved."""
    return AddressDecision(network, decided(action, **more), "somebody")


def endpoint(entries: list[AddressDecision]) -> CrowdSec:
    """The endpoint at a known time."""
    return CrowdSec(lambda: entries, lambda: NOW)


def asks(bouncers: CrowdSec, path: str, key: str = "one") -> Any:
    """What a bouncer reads."""
    answer, asked = served(bouncers, call(path, method="GET", x_api_key=key))
    assert not asked
    return orjson.loads(answer.body)


def test_start() -> None:
    """At its start a bouncer reads all that is in force, in CrowdSec's words."""
    told = asks(endpoint([about("192.0.2.7"), about("2001:db8::/48", Action.STEP_UP)]), f"{STREAM}?startup=true")
    one, other = told["new"]
    assert told["deleted"] == []
    assert (one["scope"], one["value"], one["type"]) == ("Ip", "192.0.2.7", "ban")
    assert (other["scope"], other["value"], other["type"]) == ("Range", "2001:db8::/48", "captcha")
    assert (one["origin"], one["duration"], one["scenario"]) == ("stillwatch", "1h0m0s", "stillwatch/block")


def test_changes() -> None:
    """Afterwards each bouncer reads what is new to it and what has ended."""
    entries = [about("192.0.2.7")]
    bouncers = endpoint(entries)
    asks(bouncers, f"{STREAM}?startup=true")
    assert asks(bouncers, STREAM) == {"new": [], "deleted": []}
    entries[:] = [about("192.0.2.8")]
    told = asks(bouncers, f"{STREAM}?startup=false")
    assert [e["value"] for e in told["new"]] == ["192.0.2.8"]
    assert [(e["value"], e["duration"]) for e in told["deleted"]] == [("192.0.2.7", "0s")]
    assert [e["value"] for e in asks(bouncers, STREAM, "two")["new"]] == ["192.0.2.8"]
    assert [e["value"] for e in asks(bouncers, f"{STREAM}?startup=true")["new"]] == ["192.0.2.8"]


@pytest.mark.parametrize(
    "action", [a for a in Action if a not in (Action.BLOCK, Action.STEP_UP, Action.SUSPEND_STREAM)]
)
def test_what_bouncers_cannot_do(action: Action) -> None:
    """Decisions that no bouncer can carry out are left out, not made harsher."""
    assert asks(endpoint([about("192.0.2.7", action)]), f"{STREAM}?startup=true")["new"] == []


def test_expired() -> None:
    """What has expired is not in force, and a bouncer is told that it ended."""
    over: Decision = decided(Action.BLOCK, expires_at=NOW - timedelta(seconds=1))
    assert asks(endpoint([AddressDecision("192.0.2.7", over, "somebody")]), f"{STREAM}?startup=true")["new"] == []


@example("::ffff:192.0.2.5", ["192.0.2.0/24"])
@given(st.ip_addresses(), st.lists(st.ip_addresses(v=4).map(lambda a: f"{a}/32") | st.just("192.0.2.0/24"), max_size=5))
def test_one_address(address: object, networks: list[str]) -> None:
    """A bouncer that asks about one address reads the entries that hold for it, or null; IPv4 in IPv6 is IPv4."""
    told = asks(endpoint([about(one) for one in networks]), f"/v1/decisions?ip={address}")
    asked = ip_address(str(address))
    asked = getattr(asked, "ipv4_mapped", None) or asked
    expected = {n for n in networks if asked.version == 4 and asked in ip_network(n)}
    assert {str(ip_network(e["value"])) for e in told or []} == expected
    assert told is None or told


@pytest.mark.parametrize(
    ("network", "by", "reason"),
    [
        ("acme", "somebody", "must be IPv4"),
        ("10.0.0.0/8", "somebody", "a /24 or smaller"),
        ("2001:db8::/32", "somebody", "a /48 or smaller"),
        ("192.0.2.7", " ", "who approved it"),
    ],
)
def test_what_nobody_may_approve(network: str, by: str, reason: str) -> None:
    """Accounts, wide networks and what nobody has approved never reach a firewall."""
    with pytest.raises(InvalidInput, match=re.escape(reason)):
        AddressDecision(network, decided(Action.BLOCK), by)


def test_many_bouncers() -> None:
    """What is remembered of bouncers is bounded; one that was forgotten reads everything again."""
    bouncers = endpoint([about("192.0.2.7")])
    for number in range(258):
        asks(bouncers, STREAM, f"key-{number}")
    assert asks(bouncers, STREAM, "key-257")["new"] == []
    assert len(asks(bouncers, STREAM, "key-0")["new"]) == 1


def test_a_wrong_key() -> None:
    """Bouncers expect 403 for a key that is none."""
    assert endpoint([]).fault(401, "x").status == 403
