"""Who somebody is at another provider of identities, as a person tells it by hand."""

from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.service.access.users import Elsewhere

__all__ = ["elsewhere_told"]

_MOST_ISSUER: Final = 300
_MOST_SUBJECT: Final = 255


def elsewhere_told(issuer: str, subject: str) -> Elsewhere:
    """The same, when it can be one.

    issuer      URL of the provider, as it calls itself.
    subject     Its claim `sub`: what it never gives to another person.
    Raises      InvalidInput for what can be none.
    References  OpenID Connect Core 1.0, section 2: a subject is at most 255 characters of ASCII.

    >>> elsewhere_told("https://id.example", " 7f3a ").subject
    '7f3a'
    """
    one = Elsewhere(issuer.strip(), subject.strip())
    is_url = one.issuer.startswith(("https://", "http://")) and len(one.issuer) <= _MOST_ISSUER
    if not is_url or not _is_plain(one.issuer) or " " in one.issuer:
        message = f"an issuer must be an https URL of at most {_MOST_ISSUER} characters"
        raise InvalidInput(message)
    if not 0 < len(one.subject) <= _MOST_SUBJECT or not _is_plain(one.subject):
        message = f"a subject must be 1 to {_MOST_SUBJECT} characters of printable ASCII"
        raise InvalidInput(message)
    return one


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
