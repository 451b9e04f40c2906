"""schemathesis against the running forum: whatever is sent to any endpoint, it is answered, and never with a 5xx."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.share.hub import Hub, indicator, publish

from stillwatch.share.taxii.openapi import document

BOUNDED = settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    deadline=None,
    database=None,
)


def statuses(hub: Hub, token: str, operation: Any) -> set[int]:
    """Statuses that an operation answers with, to requests that fit its description and requests that do not."""
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
    seen: set[int] = set()

    @BOUNDED
    @given(case=cases, real=st.booleans())
    def asked(case: Any, real: bool) -> None:  # noqa: FBT001
        if real and "collection" in (case.path_parameters or {}):
            case.path_parameters["collection"] = hub.campaigns
        if real and "object" in (case.path_parameters or {}):
            case.path_parameters["object"] = indicator(1)["id"]
        answer = case.call(base_url=hub.url, headers={"Authorization": f"Bearer {token}"})
        seen.add(answer.status_code)
        assert answer.status_code < 500, (case.method, case.path)

    asked()
    return seen


def test_no_request_makes_it_fail(hub: Hub) -> None:
    """Every endpoint of the description, which is the one that is served."""
    token = hub.member()
    with hub.client(token) as client:
        publish(client, hub.objects, *(indicator(n) for n in range(1, 30)))
        assert client.get("/openapi.json").json() == document()
    operations = [found.ok() for found in schemathesis.openapi.from_dict(document()).get_all_operations()]
    assert len(operations) == 12
    seen = set[int]().union(*(statuses(hub, token, operation) for operation in operations))
    assert {200, 400, 404, 422} <= seen
