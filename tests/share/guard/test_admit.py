"""Admitted: made by the guard alone, frozen, and the same to the byte."""

import copy
import pickle

import pytest
import rfc8785
from tests.share.made import MEMBER, indicator

from stillwatch.share.guard.admit import Admitted, NotAdmitted, admit, admit_bytes
from stillwatch.share.guard.table import schema_hash
from stillwatch.share.stix.write import bundle_bytes, indicator_bundle

BUNDLE = indicator_bundle(indicator(), MEMBER)


def test_nobody_else_makes_what_may_cross() -> None:
    """Neither by its constructor, nor by copying one that passed into another."""
    with pytest.raises(TypeError, match="only admit"):
        Admitted(b"{}", schema_hash(), object())
    with pytest.raises(TypeError):
        pickle.dumps(admit(BUNDLE))
    with pytest.raises(TypeError):
        copy.copy(admit(BUNDLE))


def test_what_was_admitted_cannot_be_changed() -> None:
    """Not the object, not by the document that went in, not by the one that comes out."""
    document = copy.deepcopy(BUNDLE)
    admitted = admit(document)
    document["objects"].clear()
    admitted.document()["objects"].clear()
    assert admitted.document() == BUNDLE
    with pytest.raises(AttributeError):
        admitted.body = b"{}"
    assert admitted.schema == schema_hash()


def test_bytes_are_canonical_whatever_came_in() -> None:
    """Another order of fields and other white space are the same message."""
    raw = b" " + rfc8785.dumps(BUNDLE).replace(b'","', b'",\n"')
    assert admit_bytes(raw).body == admit(dict(reversed(BUNDLE.items()))).body == bundle_bytes(BUNDLE)


def test_refusals_are_told_without_what_was_refused() -> None:
    """The error's text holds no value."""
    with pytest.raises(NotAdmitted) as caught:
        admit(BUNDLE | {"jo@example.org": "4111111111111111"})
    assert "example" not in str(caught.value)
    assert "4111" not in repr(caught.value.refusals)
    assert {"value:e-mail", "value:card"} <= {refusal.rule for refusal in caught.value.refusals}
