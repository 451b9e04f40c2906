"""All figures of the exchange, one benchmark after the other.

::

    python -m benchmarks.exchange [--psi] [--seconds 12]

Tags and matching, the ledger, then publications through a forum to three nodes; about six minutes on two cores that do
nothing else. ``--psi`` adds back-searches at full size, which take minutes of their own.
"""

import argparse
import subprocess
import sys
import time


def ran(module: str, *arguments: str) -> None:
    """Run a benchmark in a process of its own, with what it prints."""
    print(f"\n== python -m benchmarks.{module} {' '.join(arguments)}".rstrip(), flush=True)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", f"benchmarks.{module}", *arguments], check=True)
    print(f"-- {time.perf_counter() - start:.0f} s", flush=True)


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--psi", action="store_true", help="back-searches at full size, too")
    parser.add_argument("--seconds", default="12", help="of each rate of publications")
    options = parser.parse_args()
    ran("share_tags")
    ran("share_ledger")
    ran("share_exchange", "--seconds", options.seconds)
    if options.psi:
        ran("share_psi")


if __name__ == "__main__":
    main()
