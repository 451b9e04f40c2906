"""Groups of templates that the same accounts send.

Who writes a prompt from an opening, an instruction, a format and a closing, with several wordings of each, has many
templates, each in a part of the prompts; none of them shows the operation. The accounts do: a crew sends all of its
pieces from all of its accounts, as far as these send enough. People who share a popular sentence share little else.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from stillwatch.detect.kinship import Kin, Streams, kindred
from stillwatch.detect.views.mixing import mix

__all__ = ["template_groups"]

_FEWEST_ACCOUNTS: Final = 5
_INSIDE: Final = 0.8
_HALF: Final = 0.5
"""More than half way from chance to one crew: no template can be so close to two crews that share nothing."""


def template_groups(streams: pa.Table, n_accounts: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Templates, ascending, and the hash of each one's group; those that are alone are left out.

    streams     Columns template, account and n, one row a pair, sorted by template.
    """
    template, code, size = np.unique(streams["template"].to_numpy(), return_inverse=True, return_counts=True)
    known = size >= _FEWEST_ACCOUNTS
    rows = known[code]
    number = np.cumsum(known) - 1
    template = template[known]
    _, account = np.unique(streams["account"].to_numpy()[rows], return_inverse=True)
    n = streams["n"].to_numpy()[rows].astype(np.int64)
    kin_of = Streams(number[code[rows]], account, n, len(template), n_accounts)
    volume = np.bincount(kin_of.family, weights=n.astype(np.float64), minlength=len(template))
    lead = _leaders(kindred(kin_of, kin_of.meeting, _HALF), volume.astype(np.float64))
    _, at, members = np.unique(lead, return_inverse=True, return_counts=True)
    kept = members[at] >= 2
    return template[kept], mix(template[lead[kept]])


def _leaders(kin: Kin, volume: NDArray[np.float64]) -> NDArray[np.int64]:
    """Leader of each template: the busiest lead first, later ones join the leader they are closest kin to.

    A follower's accounts must be the leader's: a piece that two crews share is neither's. Nothing joins a follower, so
    that nothing chains crews together.
    """
    one_leads = volume[kin.one] >= volume[kin.other]
    inside = np.where(one_leads, kin.inside[1], kin.inside[0])
    near = (kin.kinship > _HALF) & (inside > _INSIDE)
    ends = np.r_[kin.one[near], kin.other[near]], np.r_[kin.other[near], kin.one[near]]
    graph = sparse.csr_array((np.r_[kin.kinship[near], kin.kinship[near]], ends), shape=(len(volume),) * 2)
    by_volume = np.argsort(-volume, kind="stable")
    has_near = np.diff(graph.indptr) > 0
    lead = np.where(has_near, -1, np.arange(len(volume)))
    for i in by_volume[has_near[by_volume]]:
        others, kinship = (part[graph.indptr[i] : graph.indptr[i + 1]] for part in (graph.indices, graph.data))
        leads = lead[others] == others
        lead[i] = others[leads][np.argmax(kinship[leads])] if leads.any() else i
    return lead
