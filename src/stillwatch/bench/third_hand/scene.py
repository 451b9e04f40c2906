"""What anyone who wants to blend in can see: window, clients, networks, parameters, models, agents' prompts, prices."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.errors import MissingData

__all__ = ["CLIENT", "KNOBS", "Scene", "look", "weights"]

CLIENT: Final = ("user_agent", "client_build", "tls_fingerprint")
KNOBS: Final = ("temperature", "top_p", "max_tokens", "choice_count", "wants_logprobs", "reasoning_effort")
_GROUPS, _ROWS = 30, 800


@dataclass(frozen=True, slots=True)
class Scene:
    """A sample of the logs, digested; every popular thing comes with its count, most popular first."""

    start_us: int
    end_us: int
    clients: tuple[tuple[tuple[str, str, str], int], ...]
    homes: tuple[tuple[str, int, str], ...]
    hosts: tuple[tuple[str, int, str], ...]
    knobs: pa.Table
    models: tuple[tuple[str, int], ...]
    thinking: dict[str, float]
    newest: tuple[str, float]
    systems: tuple[tuple[str, tuple[str, str, str]], ...]
    price: dict[str, tuple[float, float]]
    provider: str
    domains: tuple[tuple[str, int], ...]
    prefix: dict[str, str]

    @property
    def days(self) -> float:
        """Length of the window."""
        return (self.end_us - self.start_us) / 86_400e6


def weights(counted: Iterable[tuple[Any, int]]) -> NDArray[np.float64]:
    """Counts as probabilities."""
    counts = np.array([n for _, n in counted], float)
    return np.asarray(counts / counts.sum())


def _sample(paths: list[Path]) -> pa.Table:
    """Heads of row groups spread over all parts."""
    every = [(p, i) for p in paths for i in range(pq.ParquetFile(p).metadata.num_row_groups)]
    chosen = [every[i] for i in np.unique(np.linspace(0, len(every) - 1, _GROUPS).astype(int))]
    parts = []
    for path, group in chosen:
        with pq.ParquetFile(path) as file:
            table = file.read_row_group(group)
        rows = np.unique(np.linspace(0, table.num_rows - 1, max(_ROWS, 24_000 // len(chosen))).astype(int))
        parts.append(table.take(pa.array(rows)))
    return pa.concat_tables(parts)


def _prices(sample: pa.Table, models: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Dollars a token in and out, by least squares."""
    found = {}
    for model in models:
        mine = sample.filter(pc.and_(pc.equal(sample["model"], model), pc.is_valid(sample["output_tokens"])))
        sides = np.stack([mine[c].to_numpy().astype(float) for c in ("input_tokens", "output_tokens")], 1)
        fit = np.linalg.lstsq(sides, mine["cost_usd"].fill_null(0.0).to_numpy(), rcond=None)[0]
        found[model] = (max(float(fit[0]), 1e-7), max(float(fit[1]), 4e-7))
    return found


def _newest(sample: pa.Table, start: int, end: int) -> tuple[str, float]:
    """Model that came during the window and when, as a share of it; a made-up one half way when none did."""
    first = sample.group_by("model").aggregate([("time", "min"), ([], "count_all")])
    for row in first.sort_by([("time_min", "descending")]).to_pylist():
        share = (row["time_min"].timestamp() * 1e6 - start) / (end - start)
        if row["count_all"] >= 20 and 0.2 < share < 0.85:
            return str(row["model"]), float(share)
    stem = Counter(str(m).split("-")[0] for m in sample["model"].drop_null().to_pylist()).most_common(1)[0][0]
    return f"{stem}-6", 0.5


def _networks(sample: pa.Table) -> tuple[list[tuple[str, int, str]], list[tuple[str, int, str]]]:
    """Addresses of homes and of hosts: an AS is a host's when most of what comes from it runs on Linux."""
    linux = pc.fill_null(pc.match_substring(sample["client_build"], "linux"), False)
    seen = sample.select(["client_address", "client_asn", "client_country"]).append_column("linux", linux).drop_null()
    rows = seen.group_by(["client_address", "client_asn", "client_country"]).aggregate([("linux", "max")]).to_pylist()
    total: Counter[int] = Counter(r["client_asn"] for r in rows)
    on_linux: Counter[int] = Counter(r["client_asn"] for r in rows if r["linux_max"])
    hosts: list[tuple[str, int, str]] = []
    homes: list[tuple[str, int, str]] = []
    for r in rows:
        asn = r["client_asn"]
        served = total[asn] > 2 and on_linux[asn] >= 0.8 * total[asn]
        (hosts if served else homes).append((str(r["client_address"]), int(asn), str(r["client_country"])))
    return sorted(homes or hosts), sorted(hosts or homes)


def _systems(sample: pa.Table) -> list[tuple[str, tuple[str, str, str]]]:
    """System prompts that many accounts share, with the client each comes with most."""
    accounts: dict[str, set[str]] = {}
    clients: dict[str, Counter[tuple[str, str, str]]] = {}
    columns = [sample[c].to_pylist() for c in ("system_text", "account_id", *CLIENT)]
    for text, account, *client in zip(*columns, strict=True):
        if text and all(client):
            accounts.setdefault(text, set()).add(account)
            clients.setdefault(text, Counter())[client[0], client[1], client[2]] += 1
    ranked = sorted(accounts, key=lambda t: (-len(accounts[t]), t))[:12]
    return [(t, clients[t].most_common(1)[0][0]) for t in ranked]


def look(folder: Path) -> Scene:
    """Read a sample of a folder's logs.

    Raises  MissingData when it holds none.
    """
    paths = sorted((folder / "logs").glob("*.parquet"))
    if not paths:
        msg = f"{folder / 'logs'} holds no logs; run 'stillwatch simulate' first"
        raise MissingData(msg)
    spans = [pc.min_max(pq.read_table(p, columns=["time"])["time"].cast(pa.int64())).as_py() for p in paths]
    start, end = min(s["min"] for s in spans), max(s["max"] for s in spans)
    sample = _sample(paths)
    clients = Counter(zip(*[sample[c].fill_null("unknown").to_pylist() for c in CLIENT], strict=True))
    models = Counter(sample["model"].drop_null().to_pylist())
    homes, hosts = _networks(sample)
    means = sample.group_by("model").aggregate([("reasoning_tokens", "mean")]).to_pylist()
    accounts = pq.read_table(folder / "accounts.parquet", columns=["email_domain"])
    mail = accounts["email_domain"].drop_null().to_pylist()
    domains = Counter(d for d in mail if not d.endswith(".example")).most_common(8) or [("mail.example", 1)]
    ids = ("exchange_id", "account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")
    known = {name: sample[name].drop_null() for name in ids}
    return Scene(
        start_us=int(start),
        end_us=int(end),
        clients=tuple(sorted(clients.items(), key=lambda c: (-c[1], c[0]))[:60]),
        homes=tuple(homes),
        hosts=tuple(hosts),
        knobs=sample.select(KNOBS),
        models=tuple(sorted(models.items(), key=lambda m: (-m[1], m[0]))),
        thinking={str(r["model"]): float(r["reasoning_tokens_mean"] or 0.0) for r in means if r["model"]},
        newest=_newest(sample, int(start), int(end)),
        systems=tuple(_systems(sample)),
        price=_prices(sample, models),
        provider=str(Counter(sample["provider"].drop_null().to_pylist()).most_common(1)[0][0]),
        domains=tuple(domains),
        prefix={n: str(c[0].as_py())[:-16] if len(c) else f"{n[:4]}_" for n, c in known.items()},
    )
