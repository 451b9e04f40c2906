"""NGINX's auth_request."""

import pytest
from tests.act.gateways.made import call, decided, served

from stillwatch.act.gateways.endpoint import Single
from stillwatch.act.gateways.nginx import Nginx
from stillwatch.model.decision import Action, Decision


def of(action: Action) -> Decision:
    """A decision that is over its rate when it throttles."""
    return decided(action, retry_after_s=9 if action is Action.THROTTLE else None)


def test_request() -> None:
    """All that is known stands in headers that NGINX sets."""
    asked = call("/v1/nginx", x_stillwatch_account="a", x_real_ip="192.0.2.1", x_original_uri="/v1/messages?x=1")
    request = Nginx().request(asked)
    assert (request.account_id, request.client_address, request.operation) == ("a", "192.0.2.1", "chat")


@pytest.mark.parametrize("action", Action)
def test_answers(action: Action) -> None:
    """Only statuses that auth_request knows, with everything that its configuration needs in headers."""
    decision = of(action)
    answer, _ = served(Single(Nginx()), call("/v1/nginx", x_stillwatch_account="a"), lambda _: decision)
    assert answer.body == b""
    assert answer.headers["x-stillwatch-action"] == action.value
    if decision.serves:
        assert answer.status == 204
    else:
        assert answer.status == (401 if action is Action.STEP_UP else 403)
        assert ("www-authenticate" in answer.headers) == (action is Action.STEP_UP)
        assert {"x-stillwatch-reason", "x-stillwatch-appeal", "x-stillwatch-expires"} <= answer.headers.keys()


def test_no_account_is_no_customers_fault() -> None:
    """A missing account is answered so that the gateway fails as it is set to, and not the customer."""
    answer, asked = served(Single(Nginx()), call("/v1/nginx"))
    assert answer.status == 500
    assert not asked
