"""Template spread: how many accounts send the template an account sends, after LPDetective."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from stillwatch.bench.baselines._columns import accounts_of, codes, distinct_pairs, opening_tokens, openings
from stillwatch.model.baseline import Setting, Traffic
from stillwatch.sketch.hash import hash_strings, mix_columns

__all__ = ["TemplateSpread", "templates_of"]

_GROUP_TOKENS: Final = 3
_MOST_IN_GROUP: Final = 400
"""Messages of a group that are clustered; the rest join the cluster of their nearest one, or stay alone."""


class _Messages(NamedTuple):
    """Distinct message openings.

    of_row      Message of each exchange, -1 for an empty prompt.
    tokens      First tokens of each message, shape (messages, n); 0 past the end.
    n_sent      Exchanges of each message.
    """

    of_row: NDArray[np.int64]
    tokens: NDArray[np.uint64]
    n_sent: NDArray[np.int64]


class TemplateSpread:
    """Accounts that send the account's most widely sent prompt template.

    LPDetective looks for templates in four steps: message grouping, text similarity, hierarchical clustering, regular
    expressions. Here: messages that begin with the same three tokens are a group; their similarity is the Jaccard index
    of the sets of their first tokens; average linkage is cut at `similarity`; an expression is not needed to count who
    sends a template. LPDetective judges messages; an account is judged by the template it shares with most others.
    Only the abstract was at hand: the steps are the paper's, their parameters are this file's.
    """

    name = "template_spread"
    title = "accounts that share a prompt template"
    source = "Luo, Shen, Wu (2025), LPDetective: dusting the LLM chats for prompt template abusers, IJCAI, 7616-7624"

    def settings(self) -> tuple[Setting, ...]:
        """Tokens of an opening; similarity of the cut; least distinct prompts of a template; least uses by one."""
        grid = [
            (16, 0.7, 20, 1),
            (32, 0.5, 20, 1),
            (16, 0.7, 20, 5),
            (8, 0.7, 20, 5),
            (16, 0.5, 20, 5),
            (32, 0.5, 20, 5),
            (16, 0.7, 2, 5),
        ]
        names = ("n_tokens", "similarity", "min_prompts", "min_uses")
        return tuple(dict(zip(names, values, strict=True)) for values in grid)

    def score(self, traffic: Traffic, setting: Setting, /) -> NDArray[np.float64]:
        """Accounts of the most widely sent template used often enough, ties broken by its share; 0 for none."""
        table, n_accounts = traffic.read(["prompt_text"]), len(traffic.account_id)
        account, content = accounts_of(table), codes(hash_strings(table["prompt_text"]))
        template = templates_of(table["prompt_text"], int(setting["n_tokens"]), setting["similarity"])
        some = template >= 0
        owner, used, uses = distinct_pairs(account[some], template[some])
        n_templates = int(template.max(initial=-1)) + 1
        n_prompts = np.bincount(distinct_pairs(template[some], content[some])[0], minlength=n_templates)
        n_users = np.bincount(used, minlength=n_templates)
        often = (uses >= setting["min_uses"]) & (n_prompts[used] >= setting["min_prompts"])
        total = np.bincount(account, minlength=n_accounts)
        spread = n_users[used] + 0.5 * uses / total[owner]
        score = np.zeros(n_accounts)
        np.maximum.at(score, owner[often], spread[often])
        return score


def templates_of(texts: pa.ChunkedArray | pa.Array, n_tokens: int, similarity: float) -> NDArray[np.int64]:
    """Template of each text as a number from 0, -1 for a text without tokens.

    texts       Arrow strings, nulls allowed.
    n_tokens    Tokens of a text that are looked at, from its start.
    similarity  Average Jaccard index at which two clusters of openings are one template, 0 to 1.

    >>> texts = pa.array(["Now grade this essay on cats", "now grade this poem on cats", "Hello there", None])
    >>> template = templates_of(texts, 6, 0.5)
    >>> bool(template[0] == template[1] != template[2]), int(template[3])
    (True, -1)
    """
    messages = _messages(texts, n_tokens)
    n_messages = len(messages.n_sent)
    template = np.arange(n_messages)
    group = codes(mix_columns(*np.ascontiguousarray(messages.tokens[:, :_GROUP_TOKENS].T)))
    order = np.lexsort((-messages.n_sent, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-2))
    for first, last in zip(starts, np.append(starts[1:], n_messages), strict=True):
        if last - first > 1:
            rows = order[first:last]
            template[rows] = rows[_clustered(messages.tokens[rows], similarity)]
    _, numbered = np.unique(template, return_inverse=True)
    return np.where(messages.of_row >= 0, numbered[messages.of_row] if n_messages else -1, -1)


def _messages(texts: pa.ChunkedArray | pa.Array, n_tokens: int) -> _Messages:
    hashes = openings(texts, n_tokens)
    of_row = codes(hashes)
    some = np.flatnonzero(of_row >= 0)
    _, first, count = np.unique(of_row[some], return_index=True, return_counts=True)
    rows = some[first]
    return _Messages(of_row, opening_tokens(texts.take(rows), n_tokens), count.astype(np.int64))


def _clustered(tokens: NDArray[np.uint64], similarity: float) -> NDArray[np.int64]:
    """For each message of a group, commonest first, the first message of its cluster."""
    incidence = _incidence(tokens)
    core = min(len(tokens), _MOST_IN_GROUP)
    close = _jaccard(incidence[:core], incidence[:core])
    tree = linkage(squareform(1 - close, checks=False), "average")
    label = fcluster(tree, 1 - similarity, "distance")
    _, first, of = np.unique(label, return_index=True, return_inverse=True)
    leader = np.arange(len(tokens))
    leader[:core] = first[of]
    for begin in range(core, len(tokens), 10 * _MOST_IN_GROUP):
        rest = np.arange(begin, min(begin + 10 * _MOST_IN_GROUP, len(tokens)))
        near = _jaccard(incidence[rest], incidence[:core])
        best = near.argmax(axis=1)
        joins = near[np.arange(len(rest)), best] >= similarity
        leader[rest[joins]] = leader[best[joins]]
    return leader


def _incidence(tokens: NDArray[np.uint64]) -> sparse.csr_array:
    """Which message holds which token, 0 or 1."""
    row, place = np.nonzero(tokens)
    _, column = np.unique(tokens[row, place], return_inverse=True)
    found = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(len(tokens), int(column.max(initial=0)) + 1))
    found.sum_duplicates()
    found.data[:] = 1
    return found


def _jaccard(left: sparse.csr_array, right: sparse.csr_array) -> NDArray[np.float64]:
    """Jaccard index of every message of `left` with every one of `right`."""
    common = (left @ right.T).toarray()
    union = left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - common
    return np.asarray(common / np.maximum(union, 1))
