"""The how-to followed to the letter, with the real LiteLLM; only `stillwatch serve` is stood in for."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.act.gateways.standin import ROOT, Program, free_port, running
from tests.house.test_docs import Block, blocks, commands

from stillwatch.ingest.litellm import payload_fields

BIN = ROOT / ".venv-gateways" / "bin"
PAGE = ROOT / "docs" / "how-to" / "litellm.md"
SLOW_START_S = 240.0

pytestmark = pytest.mark.skipif(
    not (BIN / "litellm").exists(), reason="LiteLLM is not installed: make .venv-gateways/.stamp"
)


@dataclass(frozen=True)
class Followed:
    """Where the page was followed, and what stands in it with the test's ports."""

    folder: Path
    service: int
    proxy: int

    def shell(self, block: Block) -> str:
        """A block's commands with the test's ports."""
        script = commands(block.body)
        return script.replace("127.0.0.1:8470", f"127.0.0.1:{self.service}").replace(":4000", f":{self.proxy}")

    def run(self, block: Block) -> str:
        """What a block prints."""
        ours = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        result = subprocess.run(
            ["bash", "-c", self.shell(block)], cwd=self.folder, env=ours, check=False, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def console(first: str) -> Block:
    """The block whose first command starts like this."""
    return next(b for b in blocks(PAGE.read_text()) if b.language == "console" and b.body.startswith(f"$ {first}"))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """Steps 2 to 4 of the page."""
    page = Followed(tmp_path_factory.mktemp("how-to"), free_port(), free_port())
    config = next(b for b in blocks(PAGE.read_text()) if "save=config.yaml" in b.orders)
    here = config.body.replace("127.0.0.1:8470", f"127.0.0.1:{page.service}")
    # A busy machine has time to answer.
    (page.folder / "config.yaml").write_text(here.replace("timeout: 0.2", "timeout: 10"))
    page.run(console("mkdir"))
    assert commands(console("stillwatch serve").body).splitlines()[1:] == ["stillwatch serve"]
    service_folder = page.folder / "stillwatch-service"
    service = Program(
        [sys.executable, "-m", "tests.act.gateways.standin", str(page.service), str(service_folder)],
        f"http://127.0.0.1:{page.service}/health/ready",
    )
    script = page.shell(console("export")).replace("litellm --config", "exec litellm --config")
    script = f"cd {page.folder}\n{script.replace('4000', str(page.proxy))}"
    proxy = Program(["bash", "-c", script], f"http://127.0.0.1:{page.proxy}/health/liveliness", offline(page.folder))
    with running(service, SLOW_START_S), running(proxy, SLOW_START_S):
        yield page


def offline(home: Path) -> dict[str, str]:
    """The settings that the page names for a machine without internet."""
    names = set(re.findall(r"`(LITELLM_LOCAL_\w+)=True`", PAGE.read_text()))
    assert len(names) == 3
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), **dict.fromkeys(names, "True")}


def test_first_request(followed: Followed) -> None:
    """The first request of the page is answered by the mock model."""
    block = console("curl -s --fail http://127.0.0.1:4000")
    assert "Good morning to you." in followed.run(block)


def test_first_decision(followed: Followed) -> None:
    """The first decision of the page is printed as the page shows it."""
    told = followed.run(console("curl -s --fail http://127.0.0.1:8470"))
    assert '"action":"observe"' in told
    assert '"refusal":null' in told


def test_logs_arrive(followed: Followed) -> None:
    """What the proxy logs reaches the service under its token, with the account that the decision was asked for."""
    followed.run(console("curl -s --fail http://127.0.0.1:4000"))
    end = time.monotonic() + 90
    posted: list[dict[str, object]] = []
    while not posted and time.monotonic() < end:
        posted = httpx.get(f"http://127.0.0.1:{followed.service}/posted", trust_env=False).json()
        time.sleep(0.2)
    asked = httpx.get(f"http://127.0.0.1:{followed.service}/accounts", trust_env=False).json()
    assert payload_fields(posted[0])["account_id"] in asked


def test_refused_customer(followed: Followed) -> None:
    """A request that the service blocks is refused as the page says."""
    body = {"model": "mock", "messages": [{"role": "user", "content": "please block"}]}
    answer = httpx.post(
        f"http://127.0.0.1:{followed.proxy}/v1/chat/completions",
        json=body,
        headers={"authorization": "Bearer sk-change-me"},
        timeout=60.0,
        trust_env=False,
    )
    assert answer.status_code == 403
