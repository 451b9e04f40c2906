"""A real NGINX with the how-to's configuration, and the real service: what is decided, and what happens without us."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.act.gateways.standin import Program, free_port, running
from tests.act.gateways.test_real_nginx import AROUND, NGINX, PAGE, command
from tests.house.test_docs import blocks
from tests.service.gateways.accused import AGENT, accused_in
from tests.service.gateways.program import PATIENCE_S, Serving, serving, settings_text, stillwatch, until

pytestmark = pytest.mark.skipif(NGINX is None, reason="NGINX is not installed")


@dataclass(frozen=True)
class Front:
    """The server in front of a model, and the service beside it."""

    url: str
    service: Serving
    operator: str

    def ask(self, user: str, agent: str = AGENT) -> httpx.Response:
        """Ask the model as somebody whom the server knows."""
        url, headers = f"{self.url}/v1/chat/completions", {"user-agent": agent}
        return httpx.post(url, content=b"{}", auth=(user, "pw"), headers=headers, timeout=60.0, trust_env=False)

    def settled(self) -> None:
        """Wait until the service knows what it knew before."""
        until(lambda: not self.service.status(self.operator)["problems"], "no problems")


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """All of it, with a token that the page's command issued."""
    own, model, port = free_port(), free_port(), free_port()
    accused_in(tmp_path, settings_text(port), ["acme"])
    with serving(tmp_path, port) as service:
        token = service.token("gateway", "decide")
        operator = service.token("ada", "metrics")
        with nginx(tmp_path, {"8470": port, "8080": own, "127.0.0.1:8000": f"127.0.0.1:{model}", "TOKEN": token}):
            found = Front(f"http://127.0.0.1:{own}", service, operator)
            found.settled()
            yield found


@contextmanager
def nginx(folder: Path, changes: dict[str, object]) -> Iterator[None]:
    """The page's configuration with these ports and this token, and with time enough for a busy machine."""
    page = next(b.body for b in blocks(PAGE.read_text()) if b.language == "nginx")
    for there, here in changes.items():
        assert there in page
        page = page.replace(there, str(here))
    page = page.replace("200ms", "20s").replace("file users", f"file {folder}/users")
    (folder / "users").write_text("acme:{PLAIN}pw\nother:{PLAIN}pw\n")
    model = str(changes["127.0.0.1:8000"]).removeprefix("127.0.0.1:")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, model=model, page=page))
    with running(Program(command(folder), f"http://127.0.0.1:{model}/"), PATIENCE_S):
        yield


def test_a_stream_is_refused_and_all_else_served(front: Front) -> None:
    """The accused program of one account gets 403 with a link that opens; without us or a token it does not."""
    refused = front.ask("acme")
    assert refused.status_code == 403, refused.text
    link = refused.json()["error"]["appeal_url"]
    assert link == refused.headers["x-stillwatch-appeal"]
    assert link in refused.json()["error"]["message"]
    assert httpx.get(link, trust_env=False, timeout=60).status_code == 200
    assert [front.ask("acme", "browser/1").json(), front.ask("other").json()] == [{"decided": "observe"}] * 2
    front.service.program.kill()
    assert [front.ask("acme").status_code for _ in range(3)] == [200] * 3
    front.service.program.start(PATIENCE_S)
    front.settled()
    again = front.ask("acme")
    assert again.status_code == 403
    assert again.json()["error"]["appeal_url"] == link
    stillwatch(front.service.folder, "token", "end", "gateway", "--by", "ada")
    until(_serves(front), "served without a token")
    assert "gateway, which has ended" in str(front.service.status(front.operator)["problems"]["access"])


def _serves(front: Front) -> Callable[[], bool]:
    return lambda: front.ask("acme").status_code == 200


def test_the_account_is_whom_the_server_let_in(front: Front) -> None:
    """Headers in which a client calls itself somebody else change nothing, and strangers are not asked about."""
    shown = base64.b64encode(b"acme:pw").decode()
    headers = {"authorization": f"Basic {shown}", "user-agent": AGENT, "x-stillwatch-account": "other"}
    url = f"{front.url}/v1/chat/completions"
    assert httpx.post(url, headers=headers, trust_env=False, timeout=60).status_code == 403
    before = front.service.status(front.operator)["decisions"]["counts"]
    assert httpx.post(url, headers={"user-agent": AGENT}, trust_env=False, timeout=60).status_code == 401
    assert front.service.status(front.operator)["decisions"]["counts"] == before
