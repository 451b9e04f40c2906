"""Shared domains: nearest listed one above, against a plain loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.share.warnings.domains import DomainTable, parsed_domain

NAMES = st.lists(st.sampled_from(["a", "b", "mail", "x-1"]), min_size=2, max_size=4).map(".".join)


@given(listed=st.lists(NAMES, max_size=8), asked=st.lists(NAMES, max_size=8))
def test_the_nearest_listed_domain_above_holds(listed: list[str], asked: list[str]) -> None:
    """A plain loop over the domain and those above it finds the same list."""
    table = DomainTable.of(listed, range(len(listed)))
    expected = []
    for domain in asked:
        labels = domain.split(".")
        above = [".".join(labels[n:]) for n in range(len(labels))]
        expected.append(next((listed.index(name) for name in above if name in listed), -1))
    assert table.lists_of(asked).tolist() == expected


def test_spelling_does_not_matter() -> None:
    """Capitals, dots at the end, other scripts."""
    table = DomainTable.of(["mail.example", "xn--bcher-kva.example"], [0, 1])
    assert table.lists_of(["MAIL.Example.", "in.bücher.example", "notmail.example", "example"]).tolist() == [
        0,
        1,
        -1,
        -1,
    ]


@pytest.mark.parametrize(
    "text", ["", "com", "a..b", "a b.c", "-" * 64 + ".c", "1.2.3.4", "a@b.c", "x." * 200 + "c", "\ud800.c"]
)
def test_what_is_no_domain_is_none(text: str) -> None:
    """An address, a mail address, a label too long."""
    assert parsed_domain(text) is None
