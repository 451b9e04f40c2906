"""Strategies for texts that try the tokeniser: all of Unicode, and much of what lies on borders."""

from hypothesis import strategies as st

__all__ = ["PROMPTS", "TEXTS"]

_BORDERS = "abcXYZ 012.,\n\0\x7féÅßçœﬁ中文かがｱ한국어กขค\u0301\u200b\u00ad２①½㌖ﷺΩЖ😀İ𝐀\ufeff"

TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(st.sampled_from(_BORDERS), max_size=200),
    st.text(st.sampled_from("abcdefgh12 "), max_size=300),
    st.text(st.sampled_from("ab"), min_size=50, max_size=200),
    st.binary(max_size=80).map(lambda raw: raw.decode("utf-8", "replace")),
)

PROMPTS = st.lists(
    st.one_of(
        st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "7", "we", "中", "文", "ça"]),
        st.text("ab", min_size=1, max_size=3),
    ),
    max_size=60,
).map(" ".join)
"""Few words, so that phrases recur."""
