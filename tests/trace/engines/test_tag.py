"""Tags of a gateway: what is sealed is read back, what a client makes or changes is not."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import FailedProof, InvalidInput
from stillwatch.trace.engines.tag import ARGUMENT, Tag, TagSecret
from stillwatch.trace.keys.keeper import KeyKeeper

SECRET, OTHER = TagSecret(KeyKeeper(bytes(32))), TagSecret(KeyKeeper(bytes(31) + b"\1"))
TAG = Tag("acct-1", "c-1", "2026-11", 1000, "n")
NAMES = st.text(max_size=30)


@given(NAMES, NAMES, NAMES, st.integers(0, 2**40))
def test_a_sealed_tag_is_read_back(account: str, campaign: str, epoch: str, expires_s: int) -> None:
    """Whatever the names hold."""
    tag = Tag(account, campaign, epoch, expires_s)
    assert SECRET.read(SECRET.seal(tag), now_s=expires_s) == tag


@given(st.data())
def test_a_tag_with_any_letter_changed_is_refused(data: st.DataObject) -> None:
    """At every place of the text."""
    text = SECRET.seal(TAG)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(exclude_characters=text[place]))
    with pytest.raises(FailedProof):
        SECRET.read(text[:place] + letter + text[place + 1 :], now_s=0)


@pytest.mark.parametrize(
    "forged", [None, 7, "", "sw1.e30=.00", "a.b", "x" * 5000, "sw1.\ud800.\ud800", OTHER.seal(TAG)]
)
def test_what_the_gateway_did_not_seal_is_refused(forged: object) -> None:
    """Another secret's tag, too; the message tells nothing of it."""
    with pytest.raises(FailedProof) as refused:
        SECRET.read(forged, now_s=0)
    assert "acct-1" not in str(refused.value)


def test_an_old_tag_is_taken_only_from_a_request_that_waited() -> None:
    """At admission it is refused, with its age."""
    with pytest.raises(FailedProof, match="5 s too old"):
        SECRET.read(SECRET.seal(TAG), now_s=1005)
    assert SECRET.read(SECRET.seal(TAG), now_s=None) == TAG


def test_a_sealed_tag_of_another_form_is_refused() -> None:
    """As a later version might send it."""
    body = base64.urlsafe_b64encode(orjson.dumps(["a"])).decode()
    with pytest.raises(FailedProof, match="another version"):
        SECRET.read(f"sw1.{body}.{SECRET._code(body)}", now_s=0)


def test_the_gateways_tag_replaces_the_clients() -> None:
    """And the client's other arguments stay."""
    sent = SECRET.stamp({"prompt": "", "vllm_xargs": {ARGUMENT: "mine", "other": 1}}, TAG)
    assert SECRET.read(sent["vllm_xargs"][ARGUMENT], now_s=0) == TAG
    assert sent["vllm_xargs"]["other"] == 1
    assert SECRET.stamp({}, TAG)["vllm_xargs"].keys() == {ARGUMENT}
    with pytest.raises(InvalidInput, match="must be an object, got list"):
        SECRET.stamp({"vllm_xargs": [1]}, TAG)
