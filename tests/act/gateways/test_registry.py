"""Gateways by name."""

import pytest
from tests.act.gateways.made import call, served

from stillwatch.act.gateways.identity import account_of_key
from stillwatch.act.gateways.registry import GATEWAYS, endpoints_of
from stillwatch.errors import InvalidInput
from stillwatch.service.settings import DecideSettings


def test_names() -> None:
    """Every gateway of the service's settings is there, once, in their order."""
    names = DecideSettings().gateways
    assert tuple(endpoint.name for endpoint in endpoints_of([*names, *names])) == names
    assert {gateway.name for gateway in GATEWAYS} <= set(names)


def test_no_two_share_a_route() -> None:
    """No gateway takes another's calls."""
    routes = [route for endpoint in endpoints_of(DecideSettings().gateways) for route in endpoint.routes]
    assert len(set(routes)) == len(routes)


def test_unknown_names() -> None:
    """A name that is no gateway is told with those that are."""
    with pytest.raises(InvalidInput, match=r"must be one of native, litellm, .*got 'apache'"):
        endpoints_of(["native", "apache"])


@pytest.mark.parametrize("name", ["envoy", "nginx"])
def test_account_header(name: str) -> None:
    """The header that names the account is the operator's choice."""
    (endpoint,) = endpoints_of([name], account_header="authorization")
    _, asked = served(endpoint, call(f"/v1/{name}", authorization="Bearer sk-1", x_stillwatch_account="forged"))
    assert [one.account_id for one in asked] == [account_of_key("sk-1")]
