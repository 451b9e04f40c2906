"""Independent origins: commitments before sight count, echoes do not, whatever the order and however many."""

from hypothesis import given
from hypothesis import strategies as st
from tests.share.signals import tag, tags_of

from stillwatch.model.indicator import InformationGrade, SourceGrade, Tag
from stillwatch.share.trust.benign import match_bits
from stillwatch.share.trust.credibility import HIGH, information_grade, weigh
from stillwatch.share.trust.independence import Commitment, Publication, Standing, origins, standings

WANTED = tags_of(range(12))
FIRST = Publication("a", "A", 100, WANTED)


def commit(owner: str, place: int, tags: frozenset[Tag], chances: int = 0) -> Commitment:
    """A commitment of the owner's one member."""
    return Commitment(owner.lower(), owner, place, tags, chances or len(tags))


def test_who_committed_before_the_publication_is_an_origin() -> None:
    """And who published first is one too."""
    assert origins(WANTED, [commit("B", 99, tags_of(range(3, 15)))], [FIRST]) == {"A", "B"}


def test_who_committed_after_it_is_an_echo() -> None:
    """Even if it published, and however much it holds."""
    late = commit("B", 101, WANTED)
    assert standings(WANTED, [late], [FIRST]) == {"A": Standing.ORIGIN, "B": Standing.ECHO}
    assert standings(WANTED, [late], [FIRST, Publication("b", "B", 102, WANTED)])["B"] is Standing.ECHO


def test_what_was_published_before_does_not_count_in_a_commitment() -> None:
    """Ten tags were out already: the two that were not must be enough by themselves for a commitment of twelve."""
    early = Publication("c", "C", 50, tags_of(range(10)))
    held = commit("B", 60, WANTED)
    assert "B" in origins(WANTED, [held], [early, FIRST])
    assert "B" not in origins(WANTED, [held], [Publication("c", "C", 50, tags_of(range(11))), FIRST])


def test_members_of_one_owner_are_one_origin() -> None:
    """Two nodes of one company that commit and publish are the company."""
    twin = Commitment("a2", "A", 10, WANTED, 12)
    assert origins(WANTED, [twin], [FIRST]) == {"A"}


def test_committing_to_everything_gains_nothing() -> None:
    """One tag in a million is luck, be they in one commitment or in a million that are not opened."""
    lucky = tags_of([3])
    assert "B" in origins(WANTED, [commit("B", 9, lucky)], [FIRST])
    assert "B" not in origins(WANTED, [commit("B", 9, lucky, chances=1_000_000)], [FIRST])
    assert "B" in origins(WANTED, [commit("B", 9, tags_of(range(3)), chances=1_000_000)], [FIRST])


def test_a_tag_that_the_innocent_have_is_worth_little() -> None:
    """A carrier's address that one account in ten has makes nobody an origin."""
    rates = {tag(3): 0.1, tag(4): 0.1}
    held = [commit("B", 9, tags_of([3, 4]))]
    assert origins(WANTED, held, [FIRST], lambda one: match_bits(rates.get(one, 0.0))) == {"A"}


def test_other_tags_are_unrelated() -> None:
    """Who holds something else stands nowhere."""
    assert standings(WANTED, [commit("B", 9, tags_of(range(50, 60)))], [FIRST])["B"] is Standing.UNRELATED


HELD = st.builds(
    lambda owner, place, numbers: commit(owner, place, tags_of(numbers)),
    st.sampled_from("ABCDE"),
    st.integers(0, 200),
    st.frozensets(st.integers(0, 20), min_size=1),
)
SAID = st.builds(
    lambda owner, place, numbers: Publication(owner.lower(), owner, place, tags_of(numbers)),
    st.sampled_from("ABCDE"),
    st.integers(0, 200),
    st.frozensets(st.integers(0, 20), min_size=1),
)
GRADES = st.sampled_from(SourceGrade)


def graded(
    commitments: list[Commitment], publications: list[Publication], grades: dict[str, SourceGrade]
) -> InformationGrade:
    """Information grade of the wanted tags."""
    known = origins(WANTED, commitments, publications)
    return information_grade(weigh([(owner, grades.get(owner, SourceGrade.A)) for owner in sorted(known)]))


@given(
    commitments=st.lists(HELD, max_size=8),
    publications=st.lists(SAID, max_size=5),
    echo=st.frozensets(st.integers(0, 20), min_size=1),
    grades=st.dictionaries(st.sampled_from("ABCDE"), GRADES),
    echo_grade=GRADES,
)
def test_an_echo_never_raises_a_grade(
    commitments: list[Commitment],
    publications: list[Publication],
    echo: frozenset[int],
    grades: dict[str, SourceGrade],
    echo_grade: SourceGrade,
) -> None:
    """Somebody commits to and publishes what is out already: origins and grade stay what they are."""
    out = frozenset(one for publication in [FIRST, *publications] for one in publication.tags)
    copied = tags_of(echo) & out
    repeats = [commit("X", 300, copied)], [Publication("x", "X", 301, copied)]
    before = graded(commitments, [FIRST, *publications], grades)
    after = graded(commitments + repeats[0], [FIRST, *publications, *repeats[1]], grades | {"X": echo_grade})
    assert after == before


@given(
    commitments=st.lists(HELD, max_size=8),
    publications=st.lists(SAID, max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_order_of_arrival_does_not_matter(
    commitments: list[Commitment], publications: list[Publication], order: object
) -> None:
    """Messages in any order give the same origins: places in the ledger are the only clock."""
    mixed = [*commitments], [*publications]
    for messages in mixed:
        order.shuffle(messages)  # type: ignore[attr-defined]
    assert origins(WANTED, *mixed) == origins(WANTED, commitments, publications)


@given(owners=st.permutations("BCDE"), places=st.permutations(range(4)))
def test_who_publishes_first_of_those_committed_does_not_matter(owners: list[str], places: list[int]) -> None:
    """Four that all committed before any published are four origins, in whatever order they speak."""
    held = [commit(owner, place, WANTED) for owner, place in zip(owners, places, strict=True)]
    said = [Publication(owner.lower(), owner, 10 + n, WANTED) for n, owner in enumerate(owners)]
    assert origins(WANTED, held, said) == set("BCDE")


@given(
    echoes=st.lists(st.tuples(st.sampled_from("BCDE"), st.integers(101, 200), GRADES), max_size=10),
    liar=GRADES,
)
def test_one_liar_with_echoes_never_reaches_high(echoes: list[tuple[str, int, SourceGrade]], liar: SourceGrade) -> None:
    """However reliable the liar and its echoes have been."""
    held = [commit(owner, place, WANTED) for owner, place, _ in echoes]
    said = [FIRST] + [Publication(owner.lower(), owner, place + 100, WANTED) for owner, place, _ in echoes]
    grades = {owner: grade for owner, _, grade in echoes} | {"A": liar}
    assert graded(held, said, grades) not in HIGH


@given(lost=SAID, commitments=st.lists(HELD, max_size=8))
def test_an_earlier_publication_of_another_only_takes_away(lost: Publication, commitments: list[Commitment]) -> None:
    """What somebody published before can make others echoes, and nobody but its own publisher an origin."""
    before = origins(WANTED, commitments, [FIRST])
    assert origins(WANTED, commitments, [FIRST, lost]) <= before | {lost.owner_id}
