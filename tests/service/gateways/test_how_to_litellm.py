"""The how-to for LiteLLM followed to the letter, with the real LiteLLM and the real service."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from tests.act.gateways.standin import ROOT, Program, free_port, running
from tests.house.test_docs import commands
from tests.service.gateways.accused import BLOCKS
from tests.service.gateways.campaign import accounts_in, campaign, prompt_of, send
from tests.service.gateways.program import PATIENCE_S, Serving, serving, settings_text, stillwatch, until
from tests.service.gateways.walked import Walked

BIN = ROOT / ".venv-gateways" / "bin"
PAGE = ROOT / "docs" / "how-to" / "litellm.md"
SETTINGS: dict[str, str] = {"watch": "every_s = 3", "decide": 'accounts = "accounts.parquet"'}
CURL = "curl -s --fail http://127.0.0.1:"

pytestmark = pytest.mark.skipif(
    not (BIN / "litellm").exists(), reason="LiteLLM is not installed: make .venv-gateways/.stamp"
)


@dataclass(frozen=True)
class Followed:
    """The page, what runs by now, and the proxy's address."""

    page: Walked
    service: Serving
    proxy: str

    def ask(self, *said: str) -> httpx.Response:
        """Ask the mock model through the proxy; of a conversation what both have said, in turn."""
        messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(said)]
        body = {"model": "mock", "messages": messages}
        headers = {"authorization": "Bearer sk-change-me"}
        return httpx.post(f"{self.proxy}/v1/chat/completions", json=body, headers=headers, timeout=120, trust_env=False)

    def status(self) -> dict[str, Any]:
        """What the page's command for it prints."""
        told: dict[str, Any] = json.loads(self.page.follow(f"{CURL}8470/v1/status"))
        return told


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    """Steps 2 to 4."""
    port, own = free_port(), free_port()
    (tmp_path / "stillwatch-service.toml").write_text(settings_text(port, **SETTINGS))
    accounts_in(tmp_path / "accounts.parquet", "nobody")
    page = Walked(PAGE, tmp_path, {"127.0.0.1:8470": f"127.0.0.1:{port}", "127.0.0.1:4000": f"127.0.0.1:{own}"})
    page.follow("stillwatch database create")
    assert commands(page.console("stillwatch serve").body).splitlines()[1:] == ["stillwatch serve"]
    # A busy machine has time to answer.
    page.save("config.yaml", **{"timeout: 0.2": "timeout: 30"})
    with serving(tmp_path, port) as service, proxy(page, own):
        yield Followed(page, service, f"http://127.0.0.1:{own}")


@contextmanager
def proxy(page: Walked, port: int) -> Iterator[None]:
    """The proxy as step 4 starts it, where there is no internet."""
    script = page.script("export").replace("litellm --config", "exec litellm --config").replace("4000", str(port))
    names = set(re.findall(r"`(LITELLM_LOCAL_\w+)=True`", PAGE.read_text()))
    assert len(names) == 3
    surroundings = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(page.folder)}
    program = Program(
        ["bash", "-c", script],
        f"http://127.0.0.1:{port}/health/liveliness",
        surroundings | dict.fromkeys(names, "True"),
        page.folder,
    )
    with running(program, PATIENCE_S):
        yield


def stored(folder: Path) -> set[str]:
    """Accounts of all exchanges that lie by hour."""
    files = sorted((folder / "stillwatch-service" / "traffic").rglob("*.parquet"))
    return {name for path in files for name in pq.ParquetFile(path).read(["account_id"])["account_id"].to_pylist()}


def test_a_newcomer_protects_a_proxy(followed: Followed) -> None:
    """Every step of the page does what it says, and then a campaign is refused: with a reason, a link, and an end."""
    account = first_steps(followed)
    followed.page.follow("stillwatch case list")
    followed.page.follow("stillwatch policy show default")
    prompt = a_campaign_comes(followed, account)
    a_policy_comes_into_force(followed)
    link = refused(followed, prompt)
    # Whoever goes on with a conversation asks from no list: it is the account's, and not of the campaign.
    assert followed.ask("How do I bake bread?", "With flour.", "And without?").status_code == 200
    followed.service.program.kill()
    assert [followed.ask(prompt).status_code for _ in range(2)] == [200, 200]
    followed.service.program.start(PATIENCE_S)
    assert refused(followed, prompt) == link
    undone(followed, prompt)
    a_token_ends(followed, prompt)


def first_steps(followed: Followed) -> str:
    """Steps 5 and 6; the account under which the proxy's logs arrive."""
    assert "Good morning to you." in followed.page.follow(f"{CURL}4000")
    told = followed.page.follow(f"{CURL}8470/v1/decide")
    assert '"action":"observe"' in told
    assert '"refusal":null' in told
    until(lambda: followed.status()["collect"]["n_accepted"] == 1, "a log arrives")
    assert followed.status()["decisions"]["counts"] == {"observe": 2}
    until(lambda: (followed.status()["watch"] or {}).get("n_exchanges") == 1, "detection looks at it")
    until(lambda: followed.status()["problems"] == {}, "no problems")
    (account,) = stored(followed.page.folder)
    return account


def a_campaign_comes(followed: Followed, account: str) -> str:
    """The proxy's own account turns out to be one of a campaign; a prompt of it that nobody has sent yet."""
    rows, token = campaign(account), followed.service.token("logs", "collect")
    accounts_in(followed.page.folder / "accounts.parquet", account)
    send(followed.service.url, token, rows)
    until(lambda: (followed.status()["watch"] or {}).get("n_streams", 0) >= 20, "the campaign is found")
    prompt = prompt_of(rows, account)
    assert followed.ask(prompt).status_code == 200
    assert "harvest" in followed.page.follow("stillwatch case list")
    return prompt


def a_policy_comes_into_force(followed: Followed) -> None:
    """Step 7 with a policy of the test's own, which touches so much that a second person must stand behind it."""
    (followed.page.folder / "policy.toml").write_text(BLOCKS)
    followed.page.shell("stillwatch policy add policy.toml --by ada")
    told = followed.page.line("stillwatch policy preview policy.toml")
    assert "Needs a second person" in told
    assert (followed.page.folder / "preview.html").is_file()
    followed.page.shell("stillwatch policy approve policy.toml --by bob")
    followed.page.line("stillwatch policy activate policy.toml --by ada --stage 100")
    until(lambda: followed.status()["policy"], "a policy is in force")
    assert "in force at 100 %" in followed.page.follow("stillwatch policy list")


def refused(followed: Followed, prompt: str) -> str:
    """Ask until it is refused as the page says; the link to object, which opens."""
    answer = until(lambda: _no(followed.ask(prompt)), "a refusal")
    link: str = answer.headers["x-stillwatch-appeal"]
    assert answer.status_code == 403
    assert "Requests of this kind are refused" in answer.json()["error"]["message"]
    assert link in answer.json()["error"]["message"]
    assert httpx.get(link, trust_env=False, timeout=60).status_code == 200
    return link


def _no(answer: httpx.Response) -> httpx.Response | None:
    return None if answer.is_success else answer


def undone(followed: Followed, prompt: str) -> None:
    """Stopped, nothing is refused; rolled back, what was in force is in force again."""
    followed.page.line("stillwatch policy stop")
    until(lambda: followed.ask(prompt).is_success, "served without a policy")
    followed.page.line("stillwatch policy rollback")
    refused(followed, prompt)


def a_token_ends(followed: Followed, prompt: str) -> None:
    """The proxy is asked nothing any more, serves, and the service says whose token it was."""
    stillwatch(followed.page.folder, "token", "end", "litellm", "--by", "ada")
    until(lambda: followed.ask(prompt).is_success, "served without a token")
    assert "the token litellm, which has ended" in str(followed.status()["problems"]["access"])
