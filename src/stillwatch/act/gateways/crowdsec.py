"""What CrowdSec's bouncers read: ``GET /v1/decisions/stream``, or ``GET /v1/decisions?ip=`` at each request.

Bouncers act on addresses and on nothing else: an account means nothing to a firewall. An address is shared by people (a
school, a carrier, a cloud's way out), so none is told that a person has not approved by name; what is decided about a
stream or an account never becomes one by itself. Networks are approved up to a /24, or a /48 of IPv6. Only blocks
(``ban``) and step-ups (``captcha``) can be said here; other decisions about an address are left out.

References  CrowdSec, local API for bouncers.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import parse_qs

from stillwatch.act.gateways.decision_words import json_answer
from stillwatch.act.gateways.endpoint import Decide, fault_answer
from stillwatch.errors import InvalidInput
from stillwatch.ingest.addresses import client_address
from stillwatch.model.decision import Action, Decision, GatewayAnswer, GatewayCall

__all__ = ["AddressDecision", "CrowdSec"]

_TYPES: Final = {Action.BLOCK: "ban", Action.SUSPEND_STREAM: "ban", Action.STEP_UP: "captcha"}
_WIDEST: Final = {4: 24, 6: 48}
_MOST_BOUNCERS: Final = 256


@dataclass(frozen=True, slots=True)
class AddressDecision:
    """A decision about an address that somebody has approved.

    network         Address, or network in CIDR form.
    approved_by     Who has looked at who else is behind it.
    """

    network: str
    decision: Decision
    approved_by: str

    def __post_init__(self) -> None:
        """Refuse what is no address, too wide, or approved by nobody."""
        try:
            parsed = ip_network(self.network)
        except ValueError as error:
            message = "an address must be IPv4, IPv6 or a network in CIDR form"
            raise InvalidInput(message) from error
        if parsed.prefixlen < _WIDEST[parsed.version]:
            message = f"a network must be a /{_WIDEST[parsed.version]} or smaller, got a /{parsed.prefixlen}"
            raise InvalidInput(message)
        if not self.approved_by.strip():
            message = "a decision about an address must name who approved it"
            raise InvalidInput(message)


class CrowdSec:
    """Endpoint of bouncers; it asks for no decision, it lists those in force.

    current     Decisions in force about addresses.
    now         The clock.
    """

    name = "crowdsec"
    routes: tuple[tuple[str, str], ...] = (("GET", "/v1/decisions/stream"), ("GET", "/v1/decisions"))

    def __init__(
        self, current: Callable[[], Iterable[AddressDecision]], now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._current, self._now = current, now
        self._told: OrderedDict[str, dict[tuple[str, str], dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    async def serve(self, call: GatewayCall, _decide: Decide, /) -> GatewayAnswer:
        """The whole list at a bouncer's start, then what is new and what has ended since it last asked."""
        path, _, query = call.path.partition("?")
        asked = parse_qs(query, max_num_fields=20) if query.count("&") < 20 else {}
        standing = {(e["value"], e["type"]): e for one in self._current() if (e := self._entry(one)) is not None}
        if not path.endswith("/stream"):
            return json_answer(_about(standing.values(), asked) or None)
        with self._lock:
            return json_answer(self._changes(_bouncer(call), standing, whole=asked.get("startup") == ["true"]))

    def fault(self, status: int, problem: str, /) -> GatewayAnswer:
        """403 for a token that is none, as bouncers expect; else the fault's own status."""
        return fault_answer(403 if status == 401 else status, problem)

    def _entry(self, one: AddressDecision) -> dict[str, Any] | None:
        kind = _TYPES.get(one.decision.action)
        left_s = int((one.decision.expires_at - self._now()).total_seconds())
        if kind is None or left_s <= 0:
            return None
        network = ip_network(one.network)
        is_one = network.num_addresses == 1
        number = int.from_bytes(hashlib.sha256(one.decision.decision_id.encode()).digest()[:4], "big")
        return {
            "id": number,
            "origin": "stillwatch",
            "type": kind,
            "scope": "Ip" if is_one else "Range",
            "value": str(network.network_address) if is_one else str(network),
            "duration": _go_duration(left_s),
            "scenario": f"stillwatch/{one.decision.action.value}",
            "uuid": one.decision.decision_id,
        }

    def _changes(
        self, bouncer: str, standing: dict[tuple[str, str], dict[str, Any]], *, whole: bool
    ) -> dict[str, list[dict[str, Any]]]:
        before = {} if whole else self._told.get(bouncer, {})
        self._told[bouncer] = standing
        self._told.move_to_end(bouncer)
        while len(self._told) > _MOST_BOUNCERS:
            self._told.popitem(last=False)
        new = [e for key, e in standing.items() if key not in before or before[key]["uuid"] != e["uuid"]]
        ended = [{**e, "duration": "0s"} for key, e in before.items() if key not in standing]
        return {"new": new, "deleted": ended}


def _bouncer(call: GatewayCall) -> str:
    """Who asks, without keeping its token."""
    shown = "\0".join((call.headers.get("x-api-key", ""), call.headers.get("user-agent", ""), call.source))
    return hashlib.sha256(shown.encode(errors="replace")).hexdigest()


def _about(entries: Iterable[dict[str, Any]], asked: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Entries that hold for the address that is asked about; all when none is."""
    named = asked.get("ip") or asked.get("range")
    if named is None:
        return list(entries)
    address = client_address(named[0].partition("/")[0])
    if address is None:
        return []
    wanted = ip_network(address)
    return [
        e
        for e in entries
        if (holds := ip_network(e["value"])).version == wanted.version and wanted.network_address in holds
    ]


def _go_duration(seconds: int) -> str:
    """Duration as Go writes it.

    >>> _go_duration(3725)
    '1h2m5s'
    """
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}h{minutes % 60}m{rest}s"
