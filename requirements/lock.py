"""Resolve the locks again: every package with its hashes, for every platform, and no word about where it came from.

Usage: ``make lock``
"""

import subprocess
import sys
from pathlib import Path

COMPILE = (
    *("uv", "pip", "compile", "--upgrade", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet"),
)
LOCKS = {
    "core.lock": ("--group", "build"),
    "dev.lock": (
        "--group",
        "build",
        "--group",
        "dev",
        "--extra",
        "spark",
        "--extra",
        "share",
        "--extra",
        "serve",
        "--extra",
        "trace",
        "-c",
        "core.lock",
    ),
    "serve.lock": ("--group", "build", "--extra", "serve", "-c", "dev.lock"),
    "share.lock": ("--group", "build", "--extra", "share", "-c", "dev.lock"),
    "trace.lock": ("--group", "build", "--extra", "trace", "-c", "dev.lock"),
    "spark.lock": ("--group", "build", "--extra", "spark", "-c", "dev.lock"),
    # The weights run without the packages they ask for, so those are left out: install with --no-deps.
    "embed.lock": ("--group", "build", "--extra", "embed", "-c", "core.lock", "--excludes", "embed-excludes.txt"),
    # Daft asks for an older pyarrow than the core has, and runs with it: install with --no-deps.
    "bench.lock": ("--group", "build", "--extra", "bench", "-c", "core.lock", "--overrides", "bench-overrides.txt"),
    # Models run with versions of their own, in an environment of their own: see the file.
    "models.lock": ("--group", "build", "--extra", "models", "models.in", "-c", "dev.lock"),
    # Another program's environment, which holds to nothing of ours: see the file.
    "gateways.lock": ("gateways.in",),
}


def main() -> int:
    """Write the locks in order: the later ones hold to the versions of the first."""
    folder = Path(__file__).parent
    for name, options in LOCKS.items():
        here = folder.relative_to(Path.cwd())
        places = [str(here / o) if o.endswith((".lock", ".txt", ".in")) else o for o in options]
        source = [] if "--group" not in options else ["pyproject.toml"]
        target = str(here / name)
        code = subprocess.run([sys.executable, "-m", *COMPILE, *source, *places, "-o", target], check=False).returncode
        if code:
            return code
        print(f"wrote {target}: {Path(target).read_text().count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
