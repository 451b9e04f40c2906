"""Write docs/reference/ from the registries, so that a page cannot say what the program does not do.

Usage: ``make docs`` writes; ``docs/generate.py --check`` says which committed pages are out of step.
"""

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import stillwatch
from stillwatch import errors
from stillwatch.model.account import ACCOUNT_COLUMNS
from stillwatch.model.campaign import Campaign
from stillwatch.model.column import Column
from stillwatch.model.exchange import EXCHANGE_COLUMNS
from stillwatch.model.findings import CAMPAIGNS_VERSION, FINDING_EXCHANGE_COLUMNS, STREAM_COLUMNS, Findings
from stillwatch.model.quarantine import QUARANTINE_COLUMNS
from stillwatch.report import wording
from stillwatch.report.catalogue import CATALOGUE_COLUMNS
from stillwatch.report.schema import campaigns_schema

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make docs` from the source: edit there, not here. -->"


class Page(NamedTuple):
    """A reference page: file name, what the index says of it, and what makes its text."""

    name: str
    about: str
    body: Callable[[], str]


def cell(text: object) -> str:
    """Text that stays inside one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("``", "`")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell(c) for c in line)} |" for line in lines)


def first_sentence(documented: object) -> str:
    """First paragraph of a docstring."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def columns_table(columns: Sequence[Column]) -> str:
    """Columns with type, meaning, whether a row needs them, and their OpenTelemetry names where any has one."""
    named = any(c.semconv for c in columns)
    heads = ["column", "type", "needed", "meaning", *(["OpenTelemetry"] if named else [])]
    rows = [
        [
            f"`{c.name}`",
            c.type,
            "yes" if c.required else "",
            c.doc,
            *([f"`{c.semconv}`" if c.semconv else ""] if named else []),
        ]
        for c in columns
    ]
    return table(heads, rows)


def exchange_page() -> str:
    """The record."""
    return f"""# The record

One row per exchange: a request to a model and its answer. Every format is brought into these columns, and everything
after reading works on them. Columns that are not needed may be null in any row or absent from a file; what cannot be
judged without them is said in the report.

{columns_table(EXCHANGE_COLUMNS)}

Where a name of the OpenTelemetry GenAI conventions is given, that attribute is what fills the column; older names of
the same attribute are understood too.

## Accounts

`--accounts FILE` adds what you know about the accounts themselves: Parquet, CSV or NDJSON with these columns.

{columns_table(ACCOUNT_COLUMNS)}
"""


def outputs_page() -> str:
    """Tables and files that a scan writes."""
    return f"""# What a scan writes

| file | what it holds |
| --- | --- |
| `report.html` | everything for a person, one file that loads nothing from elsewhere |
| `campaigns.json` | everything for a program: [schema](campaigns.md); the same bytes for the same logs |
| `campaigns.parquet` | the same, one row a campaign, for whoever shows them page by page |
| `run.json` | seconds by stage, and the age of the calibration on that day |
| `streams.parquet` | one row per accused stream |
| `exchanges.parquet` | one row per exchange of an accused stream |
| `quarantine.parquet` | one row per row that could not be accepted |

## streams.parquet

{columns_table(STREAM_COLUMNS)}

## campaigns.parquet

{columns_table(CATALOGUE_COLUMNS)}

## exchanges.parquet

{columns_table(FINDING_EXCHANGE_COLUMNS)}

## quarantine.parquet

{columns_table(QUARANTINE_COLUMNS)}

Rows read are always rows kept plus rows quarantined plus duplicates; a scan prints all four.
"""


def parts(documented: type) -> dict[str, str]:
    """What the aligned lines of a dataclass docstring say of its fields."""
    found: dict[str, str] = {}
    names = {f.name for f in fields(documented)} if is_dataclass(documented) else set()
    for line in (inspect.getdoc(documented) or "").splitlines():
        head, _, rest = line.partition("  ")
        for name in (n.strip() for n in head.split(",")):
            if name in names and rest.strip():
                found[name] = rest.strip()
    return found


def shown_type(annotation: object) -> str:
    """Annotation as a reader of JSON or Python thinks of it."""
    text = annotation.__name__ if isinstance(annotation, type) and "[" not in str(annotation) else str(annotation)
    for noise in (
        "stillwatch.model.campaign.",
        "stillwatch.model.findings.",
        "stillwatch.bench.scoreboard.results.",
        "stillwatch.model.calibration.",
        "collections.abc.",
        "datetime.",
        "pyarrow.lib.",
    ):
        text = text.replace(noise, "")
    return f"`{text}`"


def dataclass_table(documented: type) -> str:
    """Fields of a dataclass with type and, where the docstring says more than the name, meaning."""
    said = parts(documented)
    return table(
        ["field", "type", "meaning"],
        [[f"`{f.name}`", shown_type(f.type), said.get(f.name, "")] for f in fields(documented)],
    )


def campaign_types() -> list[type]:
    """Dataclasses of the findings, outermost first."""
    module = sys.modules[Campaign.__module__]
    inner = [v for v in vars(module).values() if is_dataclass(v) and isinstance(v, type) and v is not Campaign]
    tally = importlib.import_module("stillwatch.model.findings").Tally
    calibration = importlib.import_module("stillwatch.model.calibration")
    return [Findings, tally, calibration.Calibration, calibration.Bar, Campaign, *inner]


def campaigns_page() -> str:
    """campaigns.json."""
    sections = "\n\n".join(
        f"## {kind.__name__}\n\n{first_sentence(kind)}\n\n{dataclass_table(kind)}" for kind in campaign_types()
    )
    return f"""# campaigns.json

Format version {CAMPAIGNS_VERSION}; a change of meaning raises it. The file holds the `Findings` below without its
tables (these are the Parquet files beside it) and without `stage_s` and `calibration_age_days` (these are in
`run.json`), so that it is the same to the byte for the same logs. JSON Schema:
[campaigns.schema.json](campaigns.schema.json). Numbers that do not exist are the strings `"NaN"`, `"Infinity"` and
`"-Infinity"`, times are ISO 8601 in UTC. The same types come back from `stillwatch.scan` in Python.

{sections}
"""


def scoreboard_page() -> str:
    """scoreboard.json."""
    module = importlib.import_module("stillwatch.bench.scoreboard.results")
    kinds = [module.Board, *(getattr(module, name) for name in module.__all__)]
    shown = list(dict.fromkeys(kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)))
    sections = "\n\n".join(f"## {kind.__name__}\n\n{first_sentence(kind)}\n\n{dataclass_table(kind)}" for kind in shown)
    return f"""# scoreboard.json

Format version {module.SCOREBOARD_VERSION}; a change of meaning raises it. Written by `stillwatch bench`; the file holds
one `Board`. Numbers that do not exist are null. [How to run it](../how-to/run-the-scoreboard.md).

{sections}
"""


def findings_page() -> str:
    """Words of a finding."""
    tests = table(
        ["test", "name", "question", "low", "high"],
        [[f"`{code}`", w.name, w.question, w.low, w.high] for code, w in wording.TESTS.items()],
    )
    verdicts = table(
        ["verdict", "the campaign", "what it means", "what would change it"],
        [[f"`{v}`", w.headline, w.meaning, " ".join(w.changes)] for v, w in wording.VERDICTS.items()],
    )
    return f"""# Verdicts, views, channels, tests

## Verdicts

{verdicts}

## Views

How exchanges are grouped across accounts. A view may propose anything; the evidence decides.

{words_table("view", wording.VIEWS, registered("stillwatch.detect.views", "VIEWS"))}

## Channels

Independent kinds of evidence that a family's accounts are one hand, in bits.

{words_table("channel", wording.CHANNELS, modules("stillwatch.detect.channels") | {"both"})}

## Structure tests

Each is an effect with a standard error over accounts, measured on session heads.

{tests}

## Reasons

{table(["code", "when it is reached", "when it is missed"], reason_rows())}

## What could not be judged

{words_table("code", wording.NOT_JUDGED)}
"""


def reason_rows() -> list[list[str]]:
    """Reasons with their places for numbers as a reader can take them."""
    return [
        [f"`{code}`", w.reached.replace("{", "*").replace("}", "*"), w.missed.replace("{", "*").replace("}", "*")]
        for code, w in wording.REASONS.items()
    ]


def registered(folder: str, name: str) -> set[str]:
    """Names of the plugins in a folder's tuple."""
    return {plugin.name for plugin in getattr(importlib.import_module(folder), name)}


def modules(folder: str) -> set[str]:
    """Names of the modules in a folder."""
    return {found.name for found in pkgutil.iter_modules(importlib.import_module(folder).__path__)}


def words_table(head: str, words: Mapping[str, wording.Words], only: set[str] | None = None) -> str:
    """Codes with their name and meaning, in order; `only` leaves out what no plugin gives."""
    return table(
        [head, "name", "meaning"],
        [[f"`{code}`", w.name, w.meaning] for code, w in words.items() if only is None or code in only],
    )


def readers_page() -> str:
    """Log formats."""
    readers = importlib.import_module("stillwatch.ingest.registry").READERS
    rows = [[f"`{r.name}`", r.unit, first_sentence(inspect.getmodule(type(r)))] for r in readers]
    return f"""# Log formats

The format of a file is found by looking at its content, in this order. Files may be compressed (`.gz`, `.zst`), named
by path, folder or glob, or come from standard input as `-`. A format that is none of these is read with a
[mapping](../how-to/map-a-csv.md).

{table(["reader", "place in quarantine counts", "what it reads"], rows)}
"""


def shown_default(parameter: Any) -> str:
    """Default of a parameter as a user would type it; what words it was given; or that it must be given."""
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.required:
        return "must be given"
    if parameter.default is None or isinstance(parameter.default, bool):
        return ""
    return f"`{getattr(parameter.default, 'value', parameter.default)}`"


def opentelemetry_page() -> str:
    """Names of attributes that are understood."""
    aliases = importlib.import_module("stillwatch.ingest.genai_aliases").ALIASES
    known = {column.name for column in EXCHANGE_COLUMNS}
    rows = [
        [f"`{name}`" if name in known else name, ", ".join(f"`{attribute}`" for attribute in attributes)]
        for name, attributes in aliases.items()
    ]
    return f"""# OpenTelemetry attributes

Traces and logs under the GenAI conventions, current and older names, and under OpenInference. The first attribute that
is there and not empty counts; those of a span or log record go before those of its resource. How to use it:
[LiteLLM and OpenTelemetry](../how-to/litellm-and-opentelemetry.md).

{table(["column", "attributes, first choice first"], rows)}
"""


def option_rows(command: Any) -> list[list[str]]:
    """Arguments and options of a command, of typer's own kind."""
    rows = []
    for parameter in command.params:
        is_argument = parameter.param_type_name == "argument"
        names = [parameter.metavar or parameter.name.upper()] if is_argument else parameter.opts
        choices = ", ".join(f"`{c}`" for c in type(parameter.default)) if isinstance(parameter.default, Enum) else ""
        told = [parameter.help or "", f"One of {choices}." if choices else ""]
        told += [f"Also from `{parameter.envvar}`."] if parameter.envvar else []
        rows.append([", ".join(f"`{n}`" for n in names), " ".join(filter(None, told)), shown_default(parameter)])
    return rows


def command_sections(group: Any, path: str) -> list[str]:
    """A section for each command of a group and of the groups in it."""
    sections = []
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            sections += command_sections(command, f"{path} {name}")
            continue
        told = inspect.cleandoc(command.help or "")
        sections.append(f"## {path} {name}\n\n{told}\n\n{table(OPTION_HEADS, option_rows(command))}\n")
    return sections


OPTION_HEADS = ("argument or flag", "what it does", "default")


def commands_page() -> str:
    """Commands and flags."""
    group = importlib.import_module("typer.main").get_command(importlib.import_module("stillwatch.cli").app)
    own = table(OPTION_HEADS, option_rows(group))
    return f"""# Commands

Results go to standard output, progress and messages to standard error. `-h` or `--help` after any command prints what
is here. [Exit codes](exit-codes.md).

{own}

{chr(10).join(command_sections(group, "stillwatch"))}"""


def exit_codes_page() -> str:
    """Exit codes, from the exception tree."""
    kinds = [getattr(errors, name) for name in errors.__all__]
    codes = sorted({kind.exit_code for kind in kinds})
    rows: list[list[object]] = [[0, "", "Done; also when nothing was found."]]
    for code in codes:
        those = [k for k in kinds if k.exit_code == code]
        rows.append([code, ", ".join(f"`{k.__name__}`" for k in those), " ".join(first_sentence(k) for k in those)])
    rows.append([130, "`KeyboardInterrupt`", "Interrupted."])
    return f"""# Exit codes

{table(["code", "exception in Python", "what happened"], rows)}

A finding is not an error: a scan that finds campaigns exits with 0. An error is one line on standard error. In Python
the same situations raise the exceptions named here, all of them `StillwatchError` and each also a builtin.
"""


def shown_call(function: Callable[..., object]) -> str:
    """Signature with a line for each parameter and without the modules of its types, which differ between Pythons."""
    signature = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", str(inspect.signature(function)))
    return f"{function.__name__}{signature}".replace(", *, ", ",\n    *, ").replace(
        " | None = None, ", " | None = None,\n    "
    )


def python_page() -> str:
    """The public surface."""
    sections = []
    public = tuple(getattr(stillwatch, "__all__", ()))
    for name in (n for n in public if not n.startswith("__")):
        value = getattr(stillwatch, name)
        value = getattr(value, name) if inspect.ismodule(value) else value  # scan is both
        call = shown_call(value) if inspect.isfunction(value) else f"class {name}"
        sections.append(f"## {name}\n\n```text\n{call}\n\n{inspect.getdoc(value)}\n```\n")
    listed = ", ".join(f"`{name}`" for name in public)
    return f"""# Python

`import stillwatch` gives {listed}; everything else
is private and may change. How to use it: [the tutorial](../tutorial.md).

{chr(10).join(sections)}"""


def what_crosses_page() -> str:
    """The closed table of what members may tell one another."""
    show = importlib.import_module("stillwatch.share.guard.show")
    rows = importlib.import_module("stillwatch.share.guard.table")
    kinds: dict[str, list[Any]] = {}
    for row in rows.TABLE:
        kinds.setdefault(row.path.split(".")[0], []).append(row)
    fields_of = "\n\n".join(
        f"## {kind}\n\n{found[0].why}\n\n{crossing_table(found[1:])}" for kind, found in kinds.items()
    )
    rest = "\n\n".join(
        f"## {name[0].upper()}{name[1:]}\n\n{table(['name', 'what it says'], lines)}"
        for name, lines in show.SECTIONS.items()
    )
    return f"""# What crosses

Everything that a member may tell the others, field by field. A document with anything else is refused, never trimmed;
no kind of value has room for free text. `stillwatch share lint FILE` says why a document is refused,
`stillwatch share table` prints this page. The table's hash is carried by every object and message that passed it:

```text
{rows.schema_hash()}
```

{fields_of}

{rest}
"""


def crossing_table(rows: Sequence[Any]) -> str:
    """Rows of the table of what crosses."""
    show = importlib.import_module("stillwatch.share.guard.show")
    return table(
        ["field", "kind of value", "limits", "needed", "why"],
        [
            [f"`{show.shown_path(row)}`", row.kind.value, show.limits_of(row), "yes" if row.required else "", row.why]
            for row in rows
        ],
    )


def policy_page() -> str:
    """Policies: keys, facts, actions, guards, marks."""
    facts = importlib.import_module("stillwatch.act.policy.facts")
    limits = importlib.import_module("stillwatch.act.policy.limits")
    read = importlib.import_module("stillwatch.act.policy.read")
    rules = importlib.import_module("stillwatch.act.policy.read_rule")
    reason = importlib.import_module("stillwatch.act.policy.reason")
    condition = importlib.import_module("stillwatch.act.policy.condition")
    guards = inspect.getdoc(importlib.import_module("stillwatch.act.policy.guards")) or ""
    stages = inspect.getdoc(importlib.import_module("stillwatch.act.policy.activations")) or ""
    throttles = inspect.getdoc(importlib.import_module("stillwatch.act.decide.throttles")) or ""
    groups = "\n\n".join(f"### {group}\n\n{facts_table(facts, group)}" for group in facts.UNKNOWN)
    shares = [
        [
            f"`{name}`",
            *(f"{getattr(of, name):.2%}" for of in (limits.Limits(), limits.CEILINGS, limits.BEYOND_APPROVAL)),
        ]
        for name in limits.names()
    ]
    return f"""# Policies

A policy is one TOML file of at most {read.MOST_BYTES // 1024} KiB. Its rules are asked in order, the first whose
condition holds decides, and a request that none matches is observed. [How to write one](../how-to/write-a-policy.md).

## The file

{table(["key", "what it holds"], POLICY_KEYS)}

`[[rule]]`, at most {read.MOST_RULES}:

{table(["key", "needed", "what it holds"], rule_keys(rules))}

`[[tier]]`, at most {read.MOST_TIERS}: `name`, `when`, `reason`. Several may have one name. The first that counts gives
the tier, with the reasons of all its ways that do.

`[[case]]`, at most {read.MOST_CASES}: `name`, `expects` (an action), `rule` (name of the rule that must decide, empty
for none, absent where it does not matter), and the facts that are known, as tables `request`, `account`, `stream`,
`partner`, `risk`. A told stream is accused.

## Actions

The mildest first. Whatever goes beyond `observe` must end by itself and needs an accused stream.

{", ".join(f"`{action}`" for action in importlib.import_module("stillwatch.model.decision").Action)}

## Throttles

{throttles.partition(chr(10) * 2)[2].partition(chr(10) * 2 + "References")[0]}

## Conditions

Conditions are CEL, at most {condition.MOST_CHARACTERS} characters: facts, numbers, texts, `true`, `false`, lists;
`&&`, `||`, `!`, `? :`; `==`, `!=`, `<`, `<=`, `>`, `>=` (numbers), `in`; `+`, `-` and `*` with a literal (numbers with
a point); `contains`, `startsWith`, `endsWith`; comments with `//`. There is no division, index, macro, function or
regular expression: what is accepted cannot fail when it runs, and can be reasoned about before it does.

## Facts

A fact that is not known has the value of the last column: one that does not speak against the customer.

{groups}

## Reasons

At most {reason.MOST_REASON} characters on one line, with these marks:

{table(["mark", "what stands there"], [[f"`{{{name}}}`", doc] for name, doc in reason.MARKS.items()])}

## Guards

{guards.partition(chr(10) * 2)[2]}

## Limits

Shares of exchanges, of organisations, and of accounts of {limits.TENURED_DAYS:g} days and more, that get more than
observe. Above its limits a version needs a second person; beyond the last column nobody can allow it.

{table(["share", "default", "most a policy may give itself", "refused beyond"], shares)}

## Stages

{stages.partition(chr(10) * 2)[2]}
"""


POLICY_KEYS = (
    ("`name`", "Name of the policy; the file's without one."),
    ("`[limits]`", "`traffic`, `organisations`, `tenured`: shares, 0 to 1, below the ceilings."),
    ("`[[tier]]`", "Ways into risk tiers."),
    ("`[[rule]]`", "Rules, in order."),
    ("`[[case]]`", "Test cases."),
)


def rule_keys(rules: Any) -> list[list[str]]:
    """Keys of a rule."""
    return [
        ["`name`", "yes", "1 to 64 letters, digits, spaces, points, `_` or `-`; decisions and audits name it."],
        ["`when`", "yes", "Condition."],
        ["`then`", "yes", "Action."],
        ["`reason`", "yes", "Words that a customer may read."],
        ["`lasts`", "beyond observe", f"1m to {rules.MOST_LASTS.days}d, such as 90m, 24h or 7d; else 1h."],
        [
            "`rate_per_minute`",
            "throttle",
            f"{rules.LEAST_RATE:g} to {rules.MOST_RATE:g} requests of the stream, or of its campaign.",
        ],
        ["`per`", "", "What the rate is of: `stream` (default) or `campaign`, all its accused streams together."],
        [
            "`own_per_day`",
            '`per = "campaign"`',
            f"{rules.LEAST_OWN:g} to {rules.MOST_OWN:.0f} requests of each stream.",
        ],
        ["`fails`", "", "`open` (default): an error does not match; `closed`: it does."],
    ]


def facts_table(facts: Any, group: str) -> str:
    """Facts of one group."""
    return table(
        ["fact", "kind", "unit", "what it is", "not known"],
        [
            [f"`{fact.name}`", fact.kind.value, fact.unit, fact.doc, f"`{shown_unknown(fact.unknown)}`"]
            for fact in facts.FACTS
            if fact.group == group
        ],
    )


def shown_unknown(value: Any) -> str:
    """Value as a condition would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else '""' if value == "" else str(value)


SETTINGS_EXAMPLE = """folder = "/var/lib/stillwatch"
database = "postgresql://stillwatch@127.0.0.1/stillwatch"
listen = "127.0.0.1:8470"
public_url = "https://api.example.com/stillwatch"
provider = "Example AI"
contact = "appeals@example.com"
trusted_proxies = ["10.0.0.0/8"]

[collect]
keep_days = 14
content = "hashed"

[watch]
every_s = 60
reference = "reference.parquet"

[decide]
accounts = "accounts.parquet"
protected = "protected.txt"
gateways = ["native", "litellm"]

[appeals]
answer_within_days = 5
holidays = [2026-12-25, 2027-01-01]

[member]
folder = "member"
"""


def settings_page() -> str:
    """Settings of the service."""
    settings = importlib.import_module("stillwatch.service.settings")
    heads = "\n\n".join(
        f"## [{name}]\n\n{first_sentence(kind)}\n\n{settings_table(kind, f'{name}.')}"
        for name, kind in settings.PARTS.items()
    )
    return f"""# Settings of the service

One TOML file for `stillwatch serve` and every command that works with the service: `--settings FILE`, or
`STILLWATCH_SERVICE`, or `stillwatch-service.toml` in the current folder. Without a file everything has its default.
Paths are relative to the file. All that is wrong with a file is told at once. No secret needs to stand in it but
passwords of a database or of Redis; give those to their servers by other ways, or let only the service read the file.

```toml
{SETTINGS_EXAMPLE}```

{settings_table(settings.ServiceSettings, "")}

{heads}
"""


def service_page() -> str:
    """Endpoints and metrics of the service."""
    told = importlib.import_module("stillwatch.service.openapi").document()
    metrics = importlib.import_module("stillwatch.service.metrics").METRICS
    endpoints = [
        [f"`{method.upper()} {path}`", operation["summary"], " ".join(sorted(operation["responses"]))]
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]
    counted = [[f"`{name}`", one.kind, ", ".join(one.labels), one.help] for name, one in metrics.items()]
    return f"""# The service over HTTP

`stillwatch serve` answers these; `GET /openapi.json` describes bodies and answers for programs. A token is shown as
`x-stillwatch-token`, `x-api-key` or `Authorization: Bearer`; which scope opens what is what `stillwatch token add` asks
for: collect, decide, metrics. Pages of appeals and `/health` need none.

{table(["endpoint", "what it is", "answers"], endpoints)}

## Metrics

`GET /metrics`, with a token of scope metrics. No label holds anything that was sent.

{table(["metric", "kind", "labels", "meaning"], counted)}
"""


def settings_table(kind: Any, prefix: str) -> str:
    """Settings of one table with what they may be, their defaults and their meaning."""
    values = importlib.import_module("stillwatch.service.settings_values")
    said, none = parts(kind), kind()
    return table(
        ["setting", "what it may be", "default", "meaning"],
        [
            [f"`{prefix}{f.name}`", values.allowed(f.type), shown_setting(getattr(none, f.name)), said.get(f.name, "")]
            for f in values.settings_of(kind)
        ],
    )


def shown_setting(value: Any) -> str:
    """Default as the file would have it; nothing for nothing."""
    if value in (None, "", ()):
        return ""
    if isinstance(value, tuple):
        return f"`[{', '.join(json.dumps(str(one)) for one in value)}]`"
    return f"`{value if isinstance(value, int | float) else json.dumps(str(value))}`"


def pages() -> tuple[Page, ...]:
    """Pages in the order of the index."""
    return (
        Page("commands.md", "every command, argument and flag", commands_page),
        Page("exit-codes.md", "what a command's exit status says", exit_codes_page),
        Page("readers.md", "log formats that are read", readers_page),
        Page("opentelemetry.md", "attributes of traces and logs that are understood", opentelemetry_page),
        Page("exchange.md", "the columns of an exchange and of an account", exchange_page),
        Page("outputs.md", "files and tables a scan writes", outputs_page),
        Page("campaigns.md", "campaigns.json, field by field", campaigns_page),
        Page("scoreboard.md", "scoreboard.json, field by field", scoreboard_page),
        Page("findings.md", "verdicts, views, channels, structure tests, reasons", findings_page),
        Page("python.md", "the Python surface", python_page),
        Page("policy.md", "policies: keys, facts, actions, guards, limits", policy_page),
        Page("settings.md", "settings of the service", settings_page),
        Page("service.md", "the service over HTTP: endpoints and metrics", service_page),
        Page("what-crosses.md", "what members may tell one another, field by field", what_crosses_page),
    )


def index() -> str:
    """Index of the reference."""
    rows = [[f"[{page.name}]({page.name})", page.about] for page in pages()]
    return f"# Reference\n\n{table(['page', 'what it holds'], rows)}\n"


def contents() -> dict[str, str]:
    """Text of every reference page by file name."""
    written = {page.name: page.body() for page in pages()} | {"README.md": index()}
    noted = {name: f"{NOTE}\n\n{body.rstrip()}\n" for name, body in written.items()}
    return noted | {"campaigns.schema.json": campaigns_schema()}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with ``--check`` compare them; the exit status."""
    made = contents()
    stale = [
        name for name, text in made.items() if not (FOLDER / name).is_file() or (FOLDER / name).read_text() != text
    ]
    stray = [p.name for p in FOLDER.glob("*.md") if p.name not in made]
    if "--check" in arguments:
        for name in [*stale, *stray]:
            print(f"docs/reference/{name} is out of step with the source: make docs")
        print(f"reference pages: {len(made) - len(stale)} of {len(made)} in step")
        return min(len(stale) + len(stray), 1)
    FOLDER.mkdir(exist_ok=True)
    for name, text in made.items():
        (FOLDER / name).write_text(text)
    for name in stray:
        (FOLDER / name).unlink()
    print(f"wrote {len(made)} pages to {FOLDER}, {len(stale)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
