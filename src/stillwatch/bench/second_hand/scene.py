"""What a folder of logs shows to whoever must live beside its traffic: window, models, clients, networks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.errors import MissingData

__all__ = ["DAY_US", "HOUR_US", "SETTINGS", "STACK", "Scene", "look"]

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US

STACK: Final = ("user_agent", "client_build", "tls_fingerprint")
SETTINGS: Final = ("temperature", "top_p", "max_tokens", "choice_count", "wants_logprobs", "reasoning_effort")
_TOP: Final = 200


@dataclass(frozen=True, slots=True)
class Scene:
    """A provider as seen from its logs.

    start_us, end_us    Window, microseconds since the epoch; whole days.
    price_usd   Per model: dollars for an input token that is not cached, a cached one, an output token.
    reasons     Per model: share of answers with reasoning tokens.
    stacks      STACK and accounts, those with most accounts first; settings likewise.
    agents      system_text, STACK and accounts of prompts that several accounts send with tools or from the same stack.
    networks    asn, country, prefix (two octets), accounts, hosting (many exchanges an account).
    domains     email_domain and accounts.
    """

    start_us: int
    end_us: int
    provider: str
    models: pa.Array
    model_share: NDArray[np.float64]
    price_usd: NDArray[np.float64]
    reasons: NDArray[np.float64]
    stacks: pa.Table
    settings: pa.Table
    agents: pa.Table
    networks: pa.Table
    domains: pa.Table

    @property
    def days(self) -> float:
        """Length of the window."""
        return (self.end_us - self.start_us) / DAY_US


def look(folder: Path) -> Scene:
    """Read what can be seen in a folder that `simulate` wrote.

    Raises  MissingData when it holds no logs or no account table.
    """
    logs = sorted(str(p) for p in (folder / "logs").glob("*.parquet"))
    if not logs or not (folder / "accounts.parquet").is_file():
        msg = f"{folder} holds no logs and accounts; run 'stillwatch simulate' first"
        raise MissingData(msg)
    con = duckdb.connect()
    con.read_parquet(logs).create_view("x")
    con.read_parquet(str(folder / "accounts.parquet")).create_view("a")
    first, last = con.execute("SELECT epoch_us(min(time)), epoch_us(max(time)) FROM x").fetchall()[0]
    provider = con.execute("SELECT provider FROM x GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1").fetchall()[0][0]
    models = _table(con, "SELECT model, count(*) n FROM x WHERE model IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1")
    share = models["n"].to_numpy()
    names = models["model"].to_pylist()
    return Scene(
        start_us=first // DAY_US * DAY_US,
        end_us=-(-last // DAY_US) * DAY_US,
        provider=provider or "provider",
        models=models["model"].combine_chunks(),
        model_share=share / share.sum(),
        price_usd=np.array([_price(con, name) for name in names]),
        reasons=np.array([_reasons(con, name) for name in names]),
        stacks=_popular(con, STACK),
        settings=_popular(con, SETTINGS),
        agents=_agents(con),
        networks=_networks(con),
        domains=_table(con, "SELECT email_domain, count(*) accounts FROM a GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 60"),
    )


def _table(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> pa.Table:
    return con.sql(query, params=list(values)).to_arrow_table()


def _popular(con: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> pa.Table:
    listed = ", ".join(columns)
    order = ", ".join(f"{c} NULLS FIRST" for c in columns)
    return _table(
        con,
        f"SELECT {listed}, count(DISTINCT account_id) accounts FROM x "  # noqa: S608 - our own column names
        f"GROUP BY {listed} ORDER BY accounts DESC, {order} LIMIT {_TOP}",
    )


def _price(con: duckdb.DuckDBPyConnection, model: str) -> NDArray[np.float64]:
    """Least squares of cost on tokens; list prices are public, so an exact fit is no secret."""
    rows = con.execute(
        "SELECT input_tokens - coalesce(cached_tokens, 0), coalesce(cached_tokens, 0), output_tokens, cost_usd FROM x "
        "WHERE model = ? AND cost_usd > 0 AND output_tokens IS NOT NULL ORDER BY exchange_id LIMIT 5000",
        [model],
    ).fetchall()
    if not rows:
        return np.zeros(3)
    table = np.array(rows, np.float64)
    fitted = np.linalg.lstsq(table[:, :3], table[:, 3], rcond=None)[0]
    return np.maximum(fitted.astype(np.float64), 0.0)


def _reasons(con: duckdb.DuckDBPyConnection, model: str) -> float:
    query = "SELECT avg((reasoning_tokens > 0)::INT) FROM x WHERE model = ? AND reasoning_effort IS NULL"
    return float(con.execute(query, [model]).fetchall()[0][0] or 0.0)


def _agents(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Long system prompts that many accounts send, each with the client that most of them use."""
    listed = ", ".join(STACK)
    return _table(
        con,
        f"""WITH s AS (SELECT system_text, {listed}, count(DISTINCT account_id) users, bool_or(has_tools) has_tools
                       FROM x WHERE length(system_text) > 60 GROUP BY ALL),
                 t AS (SELECT *, row_number() OVER (PARTITION BY system_text ORDER BY users DESC, {listed}) place,
                       sum(users) OVER (PARTITION BY system_text) accounts FROM s)
            SELECT system_text, {listed}, has_tools, accounts FROM t WHERE place = 1 AND accounts >= 5
            ORDER BY has_tools DESC, accounts DESC, system_text LIMIT 12""",  # noqa: S608 - our own column names
    )


def _networks(con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Networks by AS number and leading octets; hosting is where an account sends much more than usual."""
    return _table(
        con,
        r"""WITH n AS (SELECT client_asn asn, client_country country, account_id,
                       regexp_extract(client_address, '^(\d+\.\d+)\.', 1) prefix FROM x
                       WHERE client_asn IS NOT NULL),
                 p AS (SELECT asn, country, prefix, count(DISTINCT account_id) accounts, count(*) sent FROM n
                       WHERE prefix <> '' GROUP BY ALL),
                 q AS (SELECT *, sum(sent) OVER (PARTITION BY asn) / sum(accounts) OVER (PARTITION BY asn) rate FROM p)
            SELECT asn, country, prefix, accounts, rate > 4 * (SELECT median(rate) FROM q) hosting
            FROM q ORDER BY accounts DESC, asn, prefix LIMIT 4000""",
    )
