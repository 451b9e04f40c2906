"""All gateways by name, and those that a service answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from stillwatch.act.gateways import envoy, nginx, opa
from stillwatch.act.gateways.authzen import AuthZen
from stillwatch.act.gateways.crowdsec import AddressDecision, CrowdSec
from stillwatch.act.gateways.endpoint import Endpoint, Single
from stillwatch.act.gateways.envoy import Envoy
from stillwatch.act.gateways.identity import ACCOUNT_HEADER
from stillwatch.act.gateways.litellm_guardrail import LiteLlmGuardrail
from stillwatch.act.gateways.native import Native
from stillwatch.act.gateways.nginx import Nginx
from stillwatch.act.gateways.opa import Opa
from stillwatch.errors import InvalidInput
from stillwatch.model.decision import Gateway

__all__ = ["GATEWAYS", "endpoints_of", "no_addresses"]

GATEWAYS: Final[tuple[Gateway, ...]] = (Native(), LiteLlmGuardrail(), Envoy(), Nginx(), Opa(), AuthZen())
"""Gateways that ask about one request, as they are without settings; CrowdSec's bouncers ask about none."""


def no_addresses() -> tuple[AddressDecision, ...]:
    """No decision about an address: what a service has until a person approves one."""
    return ()


def endpoints_of(
    names: Sequence[str],
    addresses: Callable[[], Iterable[AddressDecision]] = no_addresses,
    account_header: str = ACCOUNT_HEADER,
) -> tuple[Endpoint, ...]:
    """Endpoints of the named gateways.

    addresses       What CrowdSec's bouncers are told.
    account_header  What names the account for gateways that pass headers on; see `Identity`.
    Raises          InvalidInput for a name that is none.

    >>> [endpoint.name for endpoint in endpoints_of(["native", "nginx"])]
    ['native', 'nginx']
    """
    known: dict[str, Endpoint] = {
        "native": Single(Native()),
        "litellm": LiteLlmGuardrail(),
        "envoy": Single(Envoy(replace(envoy.IDENTITY, account=account_header))),
        "nginx": Single(Nginx(replace(nginx.IDENTITY, account=account_header))),
        "opa": Single(Opa(replace(opa.IDENTITY, account=account_header))),
        "authzen": AuthZen(),
        "crowdsec": CrowdSec(addresses),
    }
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"a gateway must be one of {', '.join(known)}, got {', '.join(map(repr, unknown))}"
        raise InvalidInput(message)
    return tuple(known[name] for name in dict.fromkeys(names))
