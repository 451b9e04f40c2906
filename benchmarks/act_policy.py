"""Microseconds that a policy of so many rules takes for one request, by kind of request.

Usage: ``python benchmarks/act_policy.py [RULES]``.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stillwatch.act.policy.facts import variables_of
from stillwatch.act.policy.read import read_policy
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import AccountFacts, Facts, Request, StreamFacts

NOW = datetime(2026, 11, 27, tzinfo=UTC)
RULE = """[[rule]]
name = "r{n}"
when = 'stream.accused && stream.verdict == "harvest" && stream.bits_over_bar >= {n}.5 && account.age_days < {n}'
then = "throttle"
rate_per_minute = 6
lasts = "24h"
reason = "At most {{rate_per_minute}} a minute."
"""
OBSERVES = (
    RULE.replace("stream.accused && stream.verdict", "request.model")
    .replace("stream.bits_over_bar", "request.max_tokens")
    .replace('"throttle"\nrate_per_minute = 6', '"observe"')
)


def fastest_us(body: Callable[[], object], n: int = 2000) -> float:
    """Microseconds a call, the best of seven rounds."""
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(n):
            body()
        best = min(best, time.perf_counter() - start)
    return best / n * 1e6


def main(n_rules: int) -> None:
    """Print a line for each kind of request."""
    text = "\n".join(RULE.format(n=n + 100) for n in range(n_rules))
    start = time.perf_counter()
    policy = read_policy(text, "bench.toml")
    read_ms = (time.perf_counter() - start) * 1e3
    seen = StreamFacts("c", Verdict.HARVEST, 60.0, 40.0, 20.0, 0.5, 100, 30, NOW - timedelta(hours=6), NOW)
    request = Request("a-1", model="m", user_agent="sdk/1.0", client_country="XX")
    accused, bystander = Facts(AccountFacts(10.0), seen), Facts(AccountFacts(10.0))
    observing = read_policy("\n".join(OBSERVES.format(n=n + 100) for n in range(n_rules)), "observing.toml")
    first = replace(policy, rules=policy.rules[:1])
    print(f"{n_rules} rules read, checked and proved in {read_ms:.0f} ms")
    for name, body in {
        "facts of a request": lambda: variables_of(request, accused, NOW),
        "accused, no rule matches": lambda: policy.judge(request, accused, NOW),
        "accused, one rule": lambda: first.judge(request, accused, NOW),
        "no stream, all rules need one": lambda: policy.judge(request, bystander, NOW),
        "no stream, no rule needs one": lambda: observing.judge(request, bystander, NOW),
    }.items():
        print(f"{name:32} {fastest_us(body):7.1f} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
