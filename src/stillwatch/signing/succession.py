"""A key that follows another: the old one signs the new one's thumbprint for one member, and trust is handed on."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from joserfc.jwk import OKPKey

from stillwatch.signing.keys import Keys, SigningKey, VerifyKey
from stillwatch.signing.refused import Refused
from stillwatch.signing.signature import sign, verify

__all__ = ["ENDORSEMENT", "EndorsedKey", "endorse", "succeeding"]

ENDORSEMENT: Final = "endorsement"
"""Member of a told key that holds the older key's signature."""


class EndorsedKey(VerifyKey):
    """A public key with an older key's word for it.

    endorsement     Detached signature over what `endorse` signs; empty for none. Not checked yet.
    """

    def __init__(self, key: OKPKey, endorsement: str = "") -> None:
        super().__init__(key)
        self.endorsement = endorsement

    @classmethod
    def of(cls, jwk: Mapping[str, Any]) -> Self:
        """As `VerifyKey.of`; a signature that is no text is none."""
        key, told = super().of(jwk), jwk.get(ENDORSEMENT)
        key.endorsement = told if isinstance(told, str) else ""
        return key


def endorse(new: VerifyKey, member_id: str, old: SigningKey) -> str:
    """Signature by which a member's old key says that another is the member's too.

    >>> old, new = SigningKey.generate(), SigningKey.generate()
    >>> told = EndorsedKey.of(new.verify_key.jwk() | {"endorsement": endorse(new.verify_key, "m", old)})
    >>> new.key_id in succeeding([told], "m", {old.key_id: old.verify_key})
    True
    """
    return sign(_statement(new, member_id), old)


def succeeding(told: Iterable[VerifyKey], member_id: str, trusted: Keys) -> Keys:
    """The trusted keys, and all that these, or keys that follow from them, have signed for that member."""
    found = dict(trusted)
    waiting = [key for key in told if isinstance(key, EndorsedKey) and key.endorsement and key.key_id not in found]
    while signed := [key for key in waiting if _is_signed(key, member_id, found)]:
        found |= {key.key_id: key for key in signed}
        waiting = [key for key in waiting if key.key_id not in found]
    return found


def _is_signed(key: EndorsedKey, member_id: str, trusted: Keys) -> bool:
    try:
        verify(_statement(key, member_id), key.endorsement, trusted)
    except Refused:
        return False
    return True


def _statement(key: VerifyKey, member_id: str) -> dict[str, Any]:
    """What is signed; no object that crosses is of this type, so that a signature of one is none of the other."""
    return {"type": "further-key", "member": member_id, "jwk": key.jwk()}
