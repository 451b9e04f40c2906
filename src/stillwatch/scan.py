"""From logs to findings: the only place that wires the stages of a scan together."""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.detect.accounts import StoredShare
from stillwatch.detect.accused import ACCUSED, exchanges_of, whole_conversations
from stillwatch.detect.campaigns import Draft, draft_campaigns, judge_families, quiet_templates
from stillwatch.detect.coverage import missing
from stillwatch.detect.evidence import EvidenceDesk
from stillwatch.detect.families import MEASURED, MEMBER, judge
from stillwatch.detect.harvest.score import Score, score_families
from stillwatch.detect.measure import Measured, attribute_accounts, measure_families, of_accounts
from stillwatch.detect.naming import (
    NAMED,
    Example,
    Named,
    by_campaign,
    campaign_of,
    finding_exchanges,
    held_streams,
    stream_book,
    stream_rows,
    template_examples,
    template_parts,
)
from stillwatch.detect.pools import Pool, asked_by, load_pool, pooled_exchanges
from stillwatch.detect.reference import ReferenceFile, feature_arrays
from stillwatch.detect.residue import Residues, without_residues
from stillwatch.detect.search_index.make import index_folder, search_index, write_index
from stillwatch.detect.verdicts import UNCLEAR_MARGIN
from stillwatch.detect.views import view_of
from stillwatch.engine import LocalEngine
from stillwatch.engine.spark import SparkEngine
from stillwatch.errors import InvalidInput
from stillwatch.ingest import Ingest, ingest, installation_salt
from stillwatch.model.campaign import Campaign, TemplatePart
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.findings import Findings
from stillwatch.model.progress import Progress, Stages
from stillwatch.model.view import Fingerprints
from stillwatch.sketch import hash_strings
from stillwatch.sketch.stage import Sketched, fingerprints_of, sketch_exchanges
from stillwatch.sketch.templates import Templates
from stillwatch.state import Keeper, State, keeping
from stillwatch.state.today import after
from stillwatch.stats.lookup import HashIndex, among

__all__ = [
    "Examined",
    "Scanned",
    "conclude",
    "examine",
    "judged",
    "measure",
    "read",
    "remember",
    "scan",
]

_KEPT: Final = [name for name in EXCHANGE.names if name != "output_text"]
"""Columns that a scan works on; answers are not needed, so they are not copied."""
_KEPT_SCHEMA: Final = pa.schema([EXCHANGE.field(name) for name in _KEPT])


@dataclass(frozen=True, slots=True)
class Columns:
    """Sketched rows as arrays, with templates in place of signatures. It holds no more than that: executors get it."""

    templates: Templates

    def __call__(self, batch: pa.RecordBatch) -> Fingerprints:
        """Arrays by name."""
        return fingerprints_of(batch, self.templates)


@dataclass(frozen=True, slots=True)
class Scanned:
    """All that is known before anything is judged; `bench` builds references from it."""

    exchanges: Dataset
    source: Ingest
    sketched: Sketched
    measured: Measured
    stored: StoredShare | None = None
    state: State | None = None

    @property
    def columns(self) -> "Columns":
        """Function that gives sketched rows as arrays, with templates in place of signatures."""
        return Columns(self.sketched.templates)


@dataclass(frozen=True, slots=True)
class Examined:
    """Scores and attribution, before anything is called by a name; `bench` ranks accounts by them.

    score       Of every family of `scanned.measured.families`, row by row.
    attributed  Table ATTRIBUTED of the families that were examined closely.
    """

    scanned: Scanned
    reference: ReferenceFile
    score: Score
    attributed: pa.Table


def scan(  # noqa: PLR0913 - one option a question that a user asks
    paths: Sequence[str | Path] | str | Path,
    *,
    accounts: str | Path | None = None,
    mapping: str | Path | None = None,
    content: str = "full",
    memory: str = "4GB",
    threads: int | None = None,
    reference: str | Path | None = None,
    pools: Sequence[str | Path] = (),
    save_pool: str | Path | None = None,
    engine: str = "local",
    master: str | None = None,
    work: str | Path | None = None,
    state: str | Path | None = None,
    state_days: int | None = None,
    index: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Findings:
    """Find distillation campaigns in API logs.

    paths       Files, folders, globs, with Spark URLs; ``-`` is standard input. The format is found by the content.
    accounts    The provider's table of accounts; one found in a folder is used by itself.
    mapping     TOML file that says which column is which, for other formats.
    content     ``full``, ``hashed`` or ``none``: what of the prompts is kept while working.
    memory      Limit for sorting and grouping; what does not fit goes to disk.
    threads     At least 1; None takes every core.
    reference   Legitimate families to judge against; None takes the default, which was made from simulated traffic.
    pools       Files of known questions: text, JSON lines, Parquet, or what `save_pool` wrote.
    save_pool   File for hashes of what the harvest campaigns asked; None writes none.
    engine      ``local``, or ``spark`` for a cluster; the findings are the same.
    master      URL of the Spark cluster; None is what Spark's own configuration says.
    work        Folder or URL that the driver and all executors of a cluster reach; None does for one on this machine.
    state       Folder for what scans remember from day to day; it is made at first use. None remembers nothing.
    state_days  Days that a new state remembers: half of them at least, all at most; None takes 14.
    index       Folder for what a member's node searches (`model/search_index.py`); None writes none.
    on_progress Called with stage, done and total.
    Raises      InvalidInput, UnreadableSource, UnknownFormat, MissingData, IncompatibleVersion, OutOfMemory,
                EngineUnavailable.
    """
    stages = Stages(on_progress)
    legitimate = ReferenceFile.load(Path(reference) if reference else None)
    known, salt, index_at = [load_pool(Path(pool)) for pool in pools], installation_salt(), index_folder(index)
    with _opened(engine, memory, threads, master, work) as running, _keeping(state, salt, state_days) as keeper:
        source = ingest(
            _found(running, [paths] if isinstance(paths, str | Path) else list(paths)),
            accounts=accounts,
            mapping=mapping,
            content=content,
            salt=salt,
            on_progress=lambda done, total: stages.report("read", done, total),
        )
        stored, exchanges = legitimate.stored_share(salt), read(running, source, stages)
        examined, findings = judged(running, exchanges, source, legitimate, stages, known, stored, keeper)
        scanned = examined.scanned
        findings = remember(running, keeper, examined, findings, stages)
        findings = _indexed(running, examined, findings, index_at, stages)
        if save_pool is not None:
            asked_by(running, scanned.sketched.rows, findings).save(Path(save_pool))
        return findings


def _opened(
    engine: str, memory: str, threads: int | None, master: str | None, work: str | Path | None
) -> LocalEngine | SparkEngine:
    """The engine that was asked for."""
    if engine == "spark":
        if threads is not None:
            msg = f"threads is for the local engine, Spark says how many executors have; got {threads}"
            raise InvalidInput(msg)
        return SparkEngine(master, work, memory)
    if engine != "local":
        msg = f"engine must be local or spark, got {engine!r}"
        raise InvalidInput(msg)
    if master is not None:
        msg = f"master is for the Spark engine: add engine=spark (--engine spark), or leave out {master}"
        raise InvalidInput(msg)
    return LocalEngine(work, memory, threads)


def _found(engine: LocalEngine | SparkEngine, paths: list[str | Path]) -> list[str | Path]:
    """Logs where this machine reads them."""
    return list(engine.fetched(paths)) if isinstance(engine, SparkEngine) else paths


def _keeping(folder: str | Path | None, salt: bytes, window_days: int | None) -> AbstractContextManager[Keeper | None]:
    if folder is not None:
        return keeping(Path(folder), salt, window_days)
    if window_days is not None:
        msg = "--state-days needs a --state folder"
        raise InvalidInput(msg)
    return nullcontext()


def remember(engine: Engine, keeper: Keeper | None, examined: Examined, findings: Findings, stages: Stages) -> Findings:
    """Leave a state for the next scan, where one is kept."""
    scanned = examined.scanned
    if keeper is None:
        return findings
    with stages.stage("remember"):
        found = scanned.sketched, scanned.measured, examined.score.total_bits, scanned.columns
        keeper.keep(after(engine, scanned.state or State(), keeper.seen, found, findings))
    return replace(findings, stage_s=dict(stages.seconds))


def _indexed(engine: Engine, examined: Examined, findings: Findings, folder: Path | None, stages: Stages) -> Findings:
    """Leave what a member's node searches, where somebody wants it."""
    scanned = examined.scanned
    if folder is None:
        return findings
    with stages.stage("index"):
        found = scanned.exchanges, scanned.sketched, scanned.measured, examined.score.total_bits
        write_index(search_index(engine, *found, scanned.source.accounts, findings), folder)
    return replace(findings, stage_s=dict(stages.seconds))


def _dated(findings: Findings, now: datetime) -> Findings:
    """The same findings with the age of their calibration."""
    if findings.calibration is None:
        return findings
    age_days = (now - findings.calibration.created_at).total_seconds() / 86_400
    return replace(findings, calibration_age_days=age_days)


def measure(  # noqa: PLR0913, PLR0917 - where, what, whom to tell, and what is known already
    engine: Engine,
    source: Ingest,
    stages: Stages,
    keep: Callable[[Dataset], Dataset] | None = None,
    pools: Sequence[Pool] = (),
    stored: StoredShare | None = None,
    keeper: Keeper | None = None,
) -> Scanned:
    """Read, sketch and group everything, and measure every family.

    keep    Chooses among the exchanges once all are read, accounts included; None keeps all.
    pools   Known lists of questions.
    stored  How common attributes, clients and contents were in earlier windows; None when nothing is kept.
    keeper  Knows what earlier scans remember; None when nothing is kept.
    """
    exchanges = read(engine, source, stages)
    return _measured(engine, exchanges if keep is None else keep(exchanges), source, stages, pools, stored, keeper)


def read(engine: Engine, source: Ingest, stages: Stages) -> Dataset:
    """All accepted rows, without the answers."""
    with stages.stage("read"):
        return engine.dataset((batch.select(_KEPT) for batch in source.batches()), _KEPT_SCHEMA)


def judged(  # noqa: PLR0913, PLR0917 - where, what, against what, and what is known already
    engine: Engine,
    exchanges: Dataset,
    source: Ingest,
    reference: ReferenceFile,
    stages: Stages,
    pools: Sequence[Pool] = (),
    stored: StoredShare | None = None,
    keeper: Keeper | None = None,
) -> tuple[Examined, Findings]:
    """All stages after `read`, for any part of what was read.

    stored, keeper  As in `measure`.
    Raises          As `scan`.
    """
    scanned = _measured(engine, exchanges, source, stages, pools, stored, keeper)
    examined = examine(engine, scanned, reference, stages)
    return examined, _dated(conclude(engine, examined, stages), datetime.now(UTC))


def _measured(  # noqa: PLR0913, PLR0917 - as `judged`
    engine: Engine,
    exchanges: Dataset,
    source: Ingest,
    stages: Stages,
    pools: Sequence[Pool],
    stored: StoredShare | None,
    keeper: Keeper | None,
) -> Scanned:
    state: State | None = None
    if keeper is not None:
        with stages.stage("recall"):
            state = keeper.base(engine, exchanges)
    sketched = sketch_exchanges(engine, exchanges, stages, None if state is None else state.phrases)
    with stages.stage("pools"):
        pooled = pooled_exchanges(engine, exchanges, sketched.rows, pools)
    measured = measure_families(
        engine,
        sketched.rows,
        Columns(sketched.templates),
        source.accounts,
        stages,
        pooled=pooled,
        stored=stored,
        earlier=None if state is None else state.earlier,
    )
    return Scanned(exchanges, source, sketched, measured, stored, state)


def examine(
    engine: Engine, scanned: Scanned, reference: ReferenceFile, stages: Stages, floor_bits: float | None = None
) -> Examined:
    """Score every family, and attribute the accounts of those at `floor_bits` or more (None: what is told)."""
    measured = scanned.measured
    with stages.stage("score families"):
        effects, errors = feature_arrays(measured.families)
        score = score_families(effects, errors, reference.families)
    floor = reference.bar_bits - UNCLEAR_MARGIN if floor_bits is None else floor_bits
    with stages.stage("attribute accounts"):
        alarmed = measured.families["family"].to_numpy()[score.total_bits >= floor]
        attributed = attribute_accounts(
            engine,
            scanned.sketched.rows,
            scanned.columns,
            measured,
            np.sort(alarmed),
            scanned.stored,
            None if scanned.state is None else scanned.state.earlier,
        )
    return Examined(scanned, reference, score, attributed)


def conclude(engine: Engine, examined: Examined, stages: Stages) -> Findings:
    """Judge the families, tie them into campaigns, and name accounts and exchanges.

    The same whatever floor the families were examined to.
    """
    measured, reference = examined.scanned.measured, examined.reference
    told = measured.families["family"].to_numpy()[examined.score.total_bits >= reference.bar_bits - UNCLEAR_MARGIN]
    attributed = examined.attributed.filter(pa.array(among(np.sort(told), examined.attributed["family"].to_numpy())))
    with stages.stage("judge campaigns"):
        judged = judge_families(
            measured.families,
            examined.score.total_bits,
            measured.streams,
            attributed,
            measured.book,
            reference.bar_for,
        )
        bits, bar = examined.score.total_bits, reference.bar_bits - UNCLEAR_MARGIN
        quiet = quiet_templates(measured.families, bits, measured.streams, bar)
        drafts = draft_campaigns(judged, len(measured.book.account), quiet)
    with stages.stage("judge residues"):
        theirs = _exchanges_of_drafts(engine, examined.scanned.sketched.rows, drafts)
        drafts = _without_residues(engine, examined, theirs, drafts)
    with stages.stage("name campaigns"):
        findings = _name(engine, examined, theirs, drafts)
    return replace(findings, stage_s=dict(stages.seconds))


def _exchanges_of_drafts(engine: Engine, rows: Dataset, drafts: Sequence[Draft]) -> Dataset:
    """Everything that the accounts of the drafts send: a small part of all, gone through several times from here on."""
    families = [family for draft in drafts for family in draft.families]
    return of_accounts(engine, rows, np.concatenate([np.zeros(0, np.uint64), *(f.accounts for f in families)]))


def _without_residues(engine: Engine, examined: Examined, theirs: Dataset, drafts: list[Draft]) -> list[Draft]:
    scanned, residues = examined.scanned, Residues.of(drafts)
    measured = scanned.measured
    if not len(residues.wide):
        return drafts
    keep, columns = residues.rows(measured.grouping), scanned.columns
    rows = engine.map(theirs, lambda batch: keep(columns(batch)), MEMBER)
    step = judge(measured.book, measured.life_book)
    if scanned.state is not None:
        earlier = scanned.state.earlier.families.residue(residues.narrow, residues.wide)
        step = earlier.with_rows(step, ("time_us", "exchange"))
    families = engine.group(rows, "family", ("time_us", "exchange"), step, MEASURED).to_table()
    if not len(families):
        return drafts
    bits = score_families(*feature_arrays(families), examined.reference.families).total_bits
    return without_residues(drafts, families, bits)


def _name(engine: Engine, examined: Examined, theirs: Dataset, drafts: list[Draft]) -> Findings:
    scanned, reference = examined.scanned, examined.reference
    accused = _accused(engine, scanned, theirs, drafts)
    examples = template_examples(drafts, accused, scanned.measured.grouping)
    shown = np.unique(np.array([example.exchange for example in examples.values()], np.uint64))
    raw = _raw_rows(engine, scanned.exchanges, accused["exchange"], shown)
    named = Named.of(accused, raw, scanned.source.accounts)
    measured, source = scanned.measured, scanned.source
    not_judged = missing(measured.covered, measured.book)
    desk = EvidenceDesk(
        measured.families,
        examined.score.per_test_bits,
        measured.book,
        named.attributes,
        _templates(scanned, accused, raw, examples),
        reference.families,
    )
    parts = by_campaign(accused)
    if scanned.state is not None:
        drafts = scanned.state.earlier.campaigns.named(drafts, tuple(parts))
    campaigns = tuple(campaign_of(drafts[number], part, named, desk, not_judged) for number, part in parts.items())
    return Findings(
        campaigns=campaigns,
        streams=stream_rows(drafts, parts, named, measured.n_by_account),
        exchanges=finding_exchanges(drafts, accused, raw),
        held=held_streams(drafts, parts),
        quarantine=source.quarantine,
        tally=source.tally,
        n_accounts=measured.n_by_account.num_rows,
        n_families=measured.families.num_rows,
        not_judged=not_judged,
        reference=reference.name,
        is_default_reference=reference.is_default,
        reference_units=reference.n_units,
        bar_bits=reference.bar_bits,
        stage_s={},
        version=__version__,
        calibration=reference.calibration,
        bars=reference.bars,
        comparable_units=_comparable(campaigns, reference),
        beyond_calibration=reference.beyond(
            [view_of(int(family)).name for family in measured.families["family"].to_numpy()],
            measured.families["n_accounts"].to_numpy(),
        ),
    )


def _comparable(campaigns: Sequence[Campaign], reference: ReferenceFile) -> dict[str, int]:
    """Units of the reference like the strongest family of each campaign, where it says so."""
    strongest = {campaign.campaign_id: campaign.families[0] for campaign in campaigns if campaign.families}
    found = {name: reference.comparable_units(f.view, f.n_accounts) for name, f in strongest.items()}
    return {name: n for name, n in found.items() if n is not None}


def _accused(engine: Engine, scanned: Scanned, theirs: Dataset, drafts: list[Draft]) -> dict[str, NDArray[Any]]:
    """Exchanges of all drafts as arrays, in the order of the logs."""
    if not drafts:
        table = ACCUSED.empty_table()
    else:
        keep = exchanges_of(stream_book(drafts))
        grouping, columns = scanned.measured.grouping, scanned.columns
        table = engine.map(theirs, lambda b: keep(columns(b), grouping), ACCUSED).to_table()
        if len(table):
            whole = whole_conversations(table)
            table = engine.map(theirs, lambda b: whole(columns(b)), ACCUSED).to_table()
    return {name: table[name].to_numpy() for name in table.column_names}


def _raw_rows(engine: Engine, exchanges: Dataset, wanted: NDArray[np.uint64], examples: NDArray[np.uint64]) -> pa.Table:
    """Raw rows of the wanted exchanges, row-aligned with them; prompts of the examples only."""
    found_exchanges = HashIndex(np.sort(wanted))

    def keep(batch: pa.RecordBatch) -> pa.RecordBatch:
        exchange = hash_strings(batch.column("exchange_id"))
        found = found_exchanges.among(exchange)
        is_example = pa.array(among(examples, exchange[found]))
        rows = batch.filter(pa.array(found))
        columns = {name: rows.column(name) for name in NAMED.names}
        columns["prompt_text"] = pc.if_else(is_example, columns["prompt_text"], None)
        return pa.RecordBatch.from_arrays([columns[f.name].cast(f.type) for f in NAMED], schema=NAMED)

    return engine.map(exchanges.select(NAMED.names), keep, NAMED).to_table()


def _templates(
    scanned: Scanned, accused: dict[str, NDArray[Any]], raw: pa.Table, examples: dict[int, Example]
) -> dict[int, tuple[TemplatePart, ...]]:
    """Template of each family that has one, cut from its example prompt."""
    order = np.argsort(accused["exchange"], kind="stable")
    found = {}
    for family, example in examples.items():
        at = order[np.searchsorted(accused["exchange"], np.uint64(example.exchange), sorter=order)]
        prompt = raw["prompt_text"][int(at)].as_py()
        if prompt is not None:
            found[family] = template_parts(prompt, scanned.sketched.counts, example.n_fills)
    return found


class _Callable(ModuleType):
    """Module and function share a name: ``stillwatch.scan(...)`` works whichever was imported first."""

    def __call__(self, *args: Any, **options: Any) -> Findings:  # noqa: ANN401 - passed on as they are
        return scan(*args, **options)


sys.modules[__name__].__class__ = _Callable
