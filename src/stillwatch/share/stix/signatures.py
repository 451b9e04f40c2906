"""Objects that say who made them: each of a member's objects carries its signature in the extension.

The signature is over the whole object but itself (RFC 8785, RFC 7515), so that each object can be verified alone, as
TAXII and the feed hand them on. What is the same for everybody needs none.
"""

from collections.abc import Mapping
from typing import Any

from stillwatch.share.stix.extension import EXTENSION
from stillwatch.signing.keys import Keys, SigningKey
from stillwatch.signing.refused import Reason, Refused
from stillwatch.signing.signature import MEMBER, sign, verify

__all__ = ["is_members", "signed_bundle", "verify_object"]

Object = dict[str, Any]


def is_members(made: Mapping[str, Any]) -> bool:
    """Whether a member made an object; the others are the same for everybody, or a pseudonym."""
    return EXTENSION in made.get("extensions", {})


def signed_bundle(bundle: Mapping[str, Any], key: SigningKey) -> Object:
    """The bundle with every object of the member signed; it has passed no guard yet."""
    return {**bundle, "objects": [_signed(made, key) if is_members(made) else made for made in bundle["objects"]]}


def _signed(made: Object, key: SigningKey) -> Object:
    extension = {name: value for name, value in made["extensions"][EXTENSION].items() if name != MEMBER}
    bare = {**made, "extensions": {**made["extensions"], EXTENSION: extension}}
    return {**bare, "extensions": {**made["extensions"], EXTENSION: {**extension, MEMBER: sign(bare, key)}}}


def verify_object(made: Mapping[str, Any], keys: Keys) -> str:
    """Id of the key that signed an object.

    keys        Of the member that published it.
    Raises      Refused: unsigned, unknown-key, malformed or wrong-signature.
    """
    extension = dict(made.get("extensions", {}).get(EXTENSION, {}))
    signature = extension.pop(MEMBER, None)
    if not isinstance(signature, str):
        raise Refused(Reason.UNSIGNED, "the object carries no signature")
    bare = {**made, "extensions": {**made["extensions"], EXTENSION: extension}}
    return verify(bare, signature, keys)
