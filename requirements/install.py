"""Install a hashed lock and the project into the environment this runs in, with uv, or with pip when uv cannot.

Usage: ``.venv/bin/python requirements/install.py requirements/core.lock``

Nothing here names a host. uv reads its own configuration and not pip's, so a package index, a certificate file or an
offline rule that a user gave to pip is passed on; whatever uv cannot do with that, pip then does with the same hashes.
"""

import importlib.util
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

UV_INDEX_SETTINGS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE")


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Print and run a command; its exit status."""
    shown = [Path(command[0]).name, *command[1:]]
    print("+", shlex.join(shown), flush=True)
    return subprocess.run(command, env=env, check=False, stdin=subprocess.DEVNULL).returncode


def has_module(name: str) -> bool:
    """Say whether this environment has the module, also when it was installed a moment ago."""
    importlib.invalidate_caches()
    return importlib.util.find_spec(name) is not None


def pip_settings() -> dict[str, str]:
    """Settings of pip from its files and the environment, by last word: ``index-url``, ``no-index``, ``cert``."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    ).stdout
    pairs = (line.partition("=") for line in listing.splitlines())
    return {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in pairs}


def uv_environment(environment: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """Environment for uv: the user's own, with pip's index and certificates where uv was given none."""
    result = dict(environment)
    if "index-url" in pip and not any(name in environment for name in UV_INDEX_SETTINGS):
        result["UV_INDEX_URL"] = pip["index-url"]
    if "cert" in pip:
        result.setdefault("SSL_CERT_FILE", pip["cert"])
    return result


def install(lock: str, *, with_uv: bool, environment: Mapping[str, str]) -> bool:
    """Install the lock, then the project itself without looking for anything that is not in the lock."""
    if with_uv:
        pip = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
    else:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return (
        run([*pip, "--require-hashes", "-r", lock], environment) == 0
        and run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], environment) == 0
    )


def main(lock: str) -> int:
    """Bootstrap pip and uv where they are missing, then install; the exit status."""
    start = time.monotonic()
    if not has_module("pip"):
        run([sys.executable, "-m", "ensurepip", "--default-pip"])
    if not has_module("pip"):
        print("this Python cannot install pip: on Debian, install python3-venv", file=sys.stderr)
        return 1
    pip = pip_settings()
    if not has_module("uv"):
        run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
    offline = pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    with_uv = has_module("uv") and not offline
    done = with_uv and install(lock, with_uv=True, environment=uv_environment(os.environ, pip))
    if not done:
        print(f"{'uv could not install' if with_uv else 'no uv for'} {lock}: pip does it")
        done = install(lock, with_uv=False, environment=os.environ)
    if not done:
        print(f"could not install {lock}: see the lines above", file=sys.stderr)
        return 1
    print(f"installed {lock} and stillwatch into {sys.prefix} in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
