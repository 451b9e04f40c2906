"""All gateways by name, and those that a service answers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from stillwatch.act.gateways.authzen import AuthZen
from stillwatch.act.gateways.crowdsec import AddressDecision, CrowdSec
from stillwatch.act.gateways.endpoint import Endpoint, Single
from stillwatch.act.gateways.envoy import Envoy
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
    own: Sequence[Endpoint] = (),
) -> tuple[Endpoint, ...]:
    """Endpoints of the named gateways.

    addresses   What CrowdSec's bouncers are told.
    own         Endpoints with settings, instead of those of their name.
    Raises      InvalidInput for a name that is none.

    >>> [endpoint.name for endpoint in endpoints_of(["native", "nginx"])]
    ['native', 'nginx']
    """
    known: dict[str, Endpoint] = {
        "native": Single(Native()),
        "litellm": LiteLlmGuardrail(),
        "envoy": Single(Envoy()),
        "nginx": Single(Nginx()),
        "opa": Single(Opa()),
        "authzen": AuthZen(),
        "crowdsec": CrowdSec(addresses),
    }
    known |= {endpoint.name: endpoint for endpoint in own}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"a gateway must be one of {', '.join(known)}, got {', '.join(map(repr, unknown))}"
        raise InvalidInput(message)
    return tuple(known[name] for name in dict.fromkeys(names))
