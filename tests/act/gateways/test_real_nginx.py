"""A real NGINX with the configuration of the how-to, asking a service that is there, slow, dead and back again."""

import base64
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.act.gateways.standin import APPEAL, ROOT, TOKEN, Program, free_port, running, standin
from tests.house.test_docs import blocks

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
PAGE = ROOT / "docs" / "how-to" / "gateways.md"
AROUND = """
daemon off;
master_process off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{model};
    default_type application/json;
    return 200 '{{"decided": "$http_x_stillwatch_action"}}';
  }}
  {page}
}}
"""
USERS = ("observe", "throttle", "throttle-under its rate", "step_up", "block", "mark", "slow-block")

pytestmark = pytest.mark.skipif(NGINX is None, reason="NGINX is not installed")


@dataclass(frozen=True)
class Front:
    """The server and the service behind it."""

    url: str
    service: Program

    def ask(self, user: str, **headers: str) -> httpx.Response:
        """Ask a model as somebody whom the server knows."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.url}/v1/chat/completions"
        return httpx.post(url, content=b"{}", auth=(user, "pw"), headers=named, timeout=30.0, trust_env=False)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The how-to's configuration with other ports, its token and users of these tests."""
    folder = tmp_path_factory.mktemp("nginx")
    port, own, model = free_port(), free_port(), free_port()
    page = next(b.body for b in blocks(PAGE.read_text()) if b.language == "nginx")
    for there, here in (("8470", port), ("8080", own), ("127.0.0.1:8000", f"127.0.0.1:{model}"), ("TOKEN", TOKEN)):
        assert there in page
        page = page.replace(there, str(here))
    # Long enough for a busy machine; what is too slow in these tests is slower by far.
    page = page.replace("200ms", "5s").replace("file users", f"file {folder}/users")
    (folder / "users").write_text("".join(f"{user}:{{PLAIN}}pw\n" for user in USERS))
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, model=model, page=page))
    program = Program(command(folder), f"http://127.0.0.1:{model}/")
    with running(standin(port), 120.0) as service, running(program):
        yield Front(f"http://127.0.0.1:{own}", service)


def command(folder: Path) -> list[str]:
    """The server's command line; it runs in the foreground as one process."""
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]


def test_served(front: Front) -> None:
    """A request that nothing is known of reaches the model with the decision, and its client is told nothing of us."""
    answer = front.ask("observe")
    assert answer.status_code == 200
    assert answer.json()["decided"] == "observe"
    assert not [name for name in answer.headers if "stillwatch" in name]


def test_throttle(front: Front) -> None:
    """Over its rate a request gets 429 with Retry-After, a reason and the way to object."""
    answer = front.ask("throttle")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")
    assert answer.json()["error"]["appeal_url"] == answer.headers["x-stillwatch-appeal"] == APPEAL
    assert "faster than your plan allows" in answer.json()["error"]["message"]
    assert "campaign-of-the-test" not in answer.text + str(answer.headers)


def test_throttle_under_its_rate(front: Front) -> None:
    """A throttled request within its rate reaches the model."""
    assert front.ask("throttle-under its rate").json()["decided"] == "throttle"


def test_step_up(front: Front) -> None:
    """A step-up is 401, and NGINX passes the challenge on."""
    answer = front.ask("step_up")
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]


def test_block(front: Front) -> None:
    """A block is 403 with a reason and the way to object, and without Retry-After."""
    answer = front.ask("block")
    assert answer.status_code == 403
    assert answer.json()["error"]["appeal_url"] == APPEAL
    assert "retry-after" not in answer.headers


def test_mark(front: Front) -> None:
    """What is to be served otherwise is told to the model's side alone."""
    answer = front.ask("mark")
    assert answer.json()["decided"] == "mark"
    assert not [name for name in answer.headers if "stillwatch" in name]


def test_a_client_cannot_speak_for_itself(front: Front) -> None:
    """Headers in which a client names an account, a token or a decision reach neither us nor the model."""
    forged = {"x_stillwatch_account": "observe", "x_stillwatch_token": "guess", "x_stillwatch_action": "allow"}
    assert front.ask("block", **forged, x_forwarded_for="203.0.113.9").status_code == 403
    assert front.ask("observe", **forged).json()["decided"] == "observe"


def test_unknown_users_are_the_servers_own(front: Front) -> None:
    """Who is not let in by the server itself is not asked about."""
    shown = base64.b64encode(b"nobody:pw").decode()
    answer = httpx.post(f"{front.url}/v1/x", headers={"authorization": f"Basic {shown}"}, trust_env=False)
    assert answer.status_code == 401
    assert "insufficient_user_authentication" not in answer.headers["www-authenticate"]


def test_slow_service(front: Front) -> None:
    """No decision in time: the request is served."""
    assert front.ask("slow-block").status_code == 200


def test_crash_and_restart(front: Front) -> None:
    """Killed, the service is in nobody's way; started again, it decides."""
    front.service.kill()
    try:
        answers = [front.ask("block").status_code for _ in range(3)]
    finally:
        front.service.start(120.0)
    assert answers == [200, 200, 200]
    assert front.ask("block").status_code == 403
