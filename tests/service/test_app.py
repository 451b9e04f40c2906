"""The application as gateways, senders, customers and operators meet it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route
from tests.service.running import Running, running, settings_in

from stillwatch.service.access.issued import Scope
from stillwatch.service.openapi import document

EXCHANGE = '{"exchange_id": "x1", "time": "%s", "account_id": "acct-1", "prompt_text": "a planted prompt"}'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for all of them."""
    with running(settings_in(tmp_path_factory.mktemp("app"))) as found:
        yield found


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _samples(client: httpx.Client) -> dict[str, float]:
    text = client.get("/metrics").raise_for_status().text
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_decision_without_a_policy_observes(service: Running) -> None:
    """Nothing is done to anybody before a person has activated a policy."""
    with service.client() as client:
        told = client.post("/v1/decide", json={"account_id": "acct-1"}).raise_for_status().json()
    assert (told["action"], told["serves"], told["policy_version"]) == ("observe", True, "")


def test_an_exchange_is_on_the_disk_when_it_is_answered(service: Running) -> None:
    """200 says so, and the counts add up; the same one again is a duplicate."""
    line = EXCHANGE % _now()
    with service.client() as client:
        first = client.post("/v1/exchanges", content=line).raise_for_status().json()
        again = client.post("/v1/exchanges", content=line).raise_for_status().json()
    assert (first["received"], first["accepted"], first["durable"]) == (1, 1, True)
    assert (again["received"], again["accepted"], again["duplicate"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        (Scope.COLLECT, "POST", "/v1/exchanges"),
        (Scope.DECIDE, "POST", "/v1/decide"),
        (Scope.METRICS, "GET", "/metrics"),
        (Scope.METRICS, "GET", "/v1/status"),
    ],
)
def test_a_token_opens_what_it_is_for(service: Running, scope: Scope, method: str, path: str) -> None:
    """Without a token 401, with one for everything else 403, with one for this alone neither."""
    others = service.issue(f"not-{scope.value}-{path.strip('/').replace('/', '-')}", *(set(Scope) - {scope}))
    own = service.issue(f"only-{scope.value}-{path.strip('/').replace('/', '-')}", scope)
    statuses = []
    for token in ("", others, own):
        with service.client(token) as client:
            statuses.append(client.request(method, path, json={"account_id": "a"} if method == "POST" else None))
    assert [found.status_code for found in statuses[:2]] == [401, 403]
    assert statuses[2].status_code not in {401, 403}


def test_health_is_for_anybody_and_tells_nothing(service: Running) -> None:
    """A balancer has no token; what is wrong is for operators."""
    with service.client("") as client:
        assert client.get("/health/live").json() == {"status": "live"}
        told = client.get("/health/ready").raise_for_status().json()
    assert told["status"] == "ready"
    assert set(told) == {"status", "degraded"}


def test_metrics_count_what_was_done(service: Running) -> None:
    """A decision more is one more, by its action."""
    name = "stillwatch_decide_decisions_total[('action', 'observe')]"
    with service.client() as client:
        before = _samples(client).get(name, 0.0)
        client.post("/v1/decide", json={"account_id": "acct-1"}).raise_for_status()
        after = _samples(client)
    assert after[name] == before + 1
    assert after["stillwatch_policy_activation[]"] == 0
    assert after["stillwatch_decide_alarm[]"] == 0


def test_status_tells_figures_and_nobody(service: Running) -> None:
    """An operator reads how it fares, and no account."""
    with service.client() as client:
        client.post("/v1/decide", json={"account_id": "acct-named"}).raise_for_status()
        answer = client.get("/v1/status").raise_for_status()
    told = answer.json()
    assert told["takes"] is True
    assert told["policy"] is None
    assert told["decisions"]["counts"]["observe"] >= 1
    assert "acct-named" not in answer.text


def test_an_unknown_appeal_is_a_page(service: Running) -> None:
    """Customers get pages, with a policy of their own for what these may load."""
    with service.client("") as client:
        answer = client.get("/appeal/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/exchanges", 405)])
def test_what_is_not_there_is_told_as_json(service: Running, method: str, path: str, status: int) -> None:
    """No page of a framework, and the usual headers."""
    with service.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.headers["cache-control"] == "no-store"


def test_the_description_is_served_and_names_every_route(service: Running) -> None:
    """What is not described is not for use; what is described is there."""
    with service.client("") as client:
        told = client.get("/openapi.json").raise_for_status().json()
        assert told == document()
        for path in told["paths"]:
            shown = path.replace("{package}", "a").replace("{token}", "a")
            assert client.get(shown).status_code != 404 or path == "/appeal/{token}"


def test_routes_that_no_description_has(service: Running) -> None:
    """Every route of the application is described; what Envoy appends to its own is any path at all."""
    described = {path.replace("{package}", "{package:path}") for path in document()["paths"]}
    routes = {route.path for route in service.app.routes if isinstance(route, Route)}
    assert routes - described == {"/v1/envoy/{rest:path}"}
    assert described <= routes
