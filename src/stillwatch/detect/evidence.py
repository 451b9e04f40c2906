"""Typed evidence of one family, for people: effects, channels, what is shared, the template, the nearest families."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.accounts import AccountBook
from stillwatch.detect.campaigns import JudgedFamily
from stillwatch.detect.families import FEATURE_NAMES
from stillwatch.detect.harvest.score import Reference, nearest_families
from stillwatch.detect.reference import feature_arrays
from stillwatch.detect.views import view_of
from stillwatch.model.campaign import ChannelBits, Effect, FamilyEvidence, NearestFamily, SharedAttribute, TemplatePart
from stillwatch.model.family import ATTRIBUTES, STRONG_ATTRIBUTES
from stillwatch.model.fingerprint import ELICITATION_CLASSES

__all__ = ["EvidenceDesk", "graph_edges", "shared_attributes"]

_MAX_SHARED = 8
_MAX_EDGES = 2_400
_LIFT = 3.0


@dataclass(frozen=True, slots=True)
class EvidenceDesk:
    """Everything that evidence is put together from.

    test_bits   Bits by family (row of `measured`) and feature.
    names       Readable value of an attribute's hash.
    templates   Parts of the template by family id; families of views without one are left out.
    reference   Legitimate families to find the nearest among.
    """

    measured: pa.Table
    test_bits: NDArray[np.float64]
    book: AccountBook
    names: Mapping[int, str]
    templates: Mapping[int, tuple[TemplatePart, ...]]
    reference: Reference
    _ranges: NDArray[np.float64] = field(init=False)
    _columns: Mapping[str, Sequence[Any]] = field(init=False)
    _features: tuple[NDArray[np.float64], NDArray[np.float64]] = field(init=False)
    _knows_attributes: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what every family is shown beside."""
        object.__setattr__(self, "_ranges", np.nanquantile(self.reference.x, (0.05, 0.95), axis=0))
        object.__setattr__(self, "_columns", self.measured.to_pydict())
        object.__setattr__(self, "_features", feature_arrays(self.measured))
        object.__setattr__(self, "_knows_attributes", bool((self.book.attributes != 0).any()))

    def family(self, judged: JudgedFamily) -> FamilyEvidence:
        """Evidence of one family."""
        row = {name: values[judged.row] for name, values in self._columns.items()}
        return FamilyEvidence(
            family_id=f"{judged.family:016x}",
            view=view_of(judged.family).name,
            n_accounts=row["n_accounts"],
            n_exchanges=row["n_exchanges"],
            score_bits=judged.score_bits,
            coordination_bits=row["coordination_bits"],
            bits_without_payment=row["bits_without_payment"],
            channels=self._channels(row),
            effects=self._effects(row, judged.row),
            elicitation={name: row[f"{name}_share"] for name in ELICITATION_CLASSES},
            shared=shared_attributes(judged.accounts, self.book, self.names),
            template=self.templates.get(judged.family, ()),
            nearest=self._nearest(judged.row),
        )

    def _nearest(self, row: int) -> tuple[NearestFamily, ...]:
        effects, errors = self._features
        found = nearest_families(effects[row], errors[row], self.reference)
        return tuple(replace(nearest, effects=self._effects_of_reference(at)) for at, nearest in found)

    def _effects_of_reference(self, at: int) -> dict[str, float]:
        effects = zip(FEATURE_NAMES, self.reference.x[at].tolist(), strict=False)  # bits come after the tests
        return {name: value for name, value in effects if isfinite(value)}

    def _channels(self, row: Mapping[str, float]) -> tuple[ChannelBits, ...]:
        return (
            ChannelBits("dispatch", row["dispatch_bits"]),
            ChannelBits("infrastructure", row["infrastructure_bits"], judged=self._knows_attributes),
            ChannelBits("lifecycle", row["lifecycle_bits"]),
        )

    def _effects(self, row: Mapping[str, float], at: int) -> tuple[Effect, ...]:
        low, high = self._ranges
        return tuple(
            Effect(name, row[name], row[f"{name}_error"], float(np.nan_to_num(self.test_bits[at, j])), low[j], high[j])
            for j, name in enumerate(FEATURE_NAMES)
        )


def shared_attributes(
    accounts: NDArray[np.uint64], book: AccountBook, names: Mapping[int, str]
) -> tuple[SharedAttribute, ...]:
    """Values that at least two of the accounts have and that are three times as common among them as elsewhere."""
    rows = book.rows(accounts)
    n_outside = max(len(book.account) - len(accounts), 1)
    found = []
    for kind in STRONG_ATTRIBUTES:
        j = ATTRIBUTES.index(kind)
        values, first, counts = np.unique(book.attributes[rows, j], return_index=True, return_counts=True)
        outside = np.maximum(book.n_alike[rows, j][first] - counts, 0) / n_outside
        lift = (values != 0) & (counts >= 2) & (counts / max(len(accounts), 1) >= _LIFT * outside)
        lift &= counts >= min(np.sort(counts[lift])[-_MAX_SHARED:], default=0)
        found += [
            SharedAttribute(kind, _name(int(v), names), int(c), float(o))
            for v, c, o in zip(values[lift], counts[lift], outside[lift], strict=True)
        ]
    found.sort(key=lambda s: (-s.n_accounts, s.kind, s.value))
    return tuple(found[:_MAX_SHARED])


def graph_edges(
    accounts: NDArray[np.uint64], book: AccountBook, names: Mapping[int, str], account_ids: Mapping[int, str]
) -> tuple[tuple[str, str, int], ...]:
    """Who shares what: (account id, kind=value, accounts with that value), the most shared first."""
    rows = book.rows(accounts)
    edges = []
    for shared in shared_attributes(accounts, book, names):
        j = ATTRIBUTES.index(shared.kind)
        column = book.attributes[rows, j]
        alike = [value for value in np.unique(column) if _name(int(value), names) == shared.value]
        same = np.flatnonzero(np.isin(column, alike))
        edges += [(account_ids[int(accounts[i])], f"{shared.kind}={shared.value}", shared.n_accounts) for i in same]
    return tuple(edges[:_MAX_EDGES])


def _name(value: int, names: Mapping[int, str]) -> str:
    return names.get(value, f"{value:016x}")
