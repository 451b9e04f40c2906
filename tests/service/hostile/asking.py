"""A gateway that asks about the harvest among others: a policy that touches a quarter of all stops by itself."""

import time
from typing import Any

import httpx
from tests.service.hostile.harvested import Harvested
from tests.service.hostile.running import until

__all__ = ["OTHERS", "QUICK_S", "ask", "throttled"]

OTHERS = 5
"""Requests of others to each of the harvest."""
QUICK_S = 5.0
"""An answer that waits for something that is away comes later than this, and one of a slow machine sooner."""


def ask(client: httpx.Client, home: Harvested, shell: int) -> dict[str, Any]:
    """The decision about an account of the harvest; it waits for nothing."""
    for n in range(OTHERS):
        client.post("/v1/decide", json={"account_id": f"other-{n}"}).raise_for_status()
    start = time.monotonic()
    told: dict[str, Any] = client.post("/v1/decide", json=home.asks(shell)).raise_for_status().json()
    assert time.monotonic() - start < QUICK_S
    return told


def throttled(client: httpx.Client, home: Harvested, shell: int) -> dict[str, Any]:
    """The same once it is in force: the first answer waits for its record only shortly."""
    return until(lambda: told if (told := ask(client, home, shell))["action"] == "throttle" else None, "it is in force")
