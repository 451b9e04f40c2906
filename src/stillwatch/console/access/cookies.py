"""What a browser holds of a session, and how a form shows that it comes from a page of the same session."""

import base64
import binascii
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from stillwatch.act.secret import ServiceSecret

__all__ = ["ATTEMPT", "COOKIE", "forget", "form_token", "hold", "is_form_token", "is_from_here"]

COOKIE: Final = "stillwatch_session"
ATTEMPT: Final = "stillwatch_login"
_USE: Final = "console form"
_LONGEST: Final = 100
_PATH: Final = "/console"


def hold(response: Response, held: str, *, name: str = COOKIE, seconds: int | None = None, is_secure: bool) -> None:
    """Have the browser hold it: out of scripts' reach, and never sent along by another site's forms.

    seconds     None for as long as the browser runs.
    is_secure   The browser comes by TLS, and shall show it to nobody who does not.
    """
    response.set_cookie(name, held, max_age=seconds, path=_PATH, secure=is_secure, httponly=True, samesite="lax")


def forget(response: Response, name: str = COOKIE, *, is_secure: bool) -> None:
    """Have the browser forget it."""
    response.delete_cookie(name, path=_PATH, secure=is_secure, httponly=True, samesite="lax")


def form_token(secret: ServiceSecret, digest: str) -> str:
    """What every form of a session carries; of another session it is worth nothing.

    >>> key = ServiceSecret(bytes(32))
    >>> is_form_token(key, "a", form_token(key, "a")), is_form_token(key, "b", form_token(key, "a"))
    (True, False)
    """
    return base64.urlsafe_b64encode(secret.mac(_USE, digest.encode())).decode()


def is_form_token(secret: ServiceSecret, digest: str, told: str) -> bool:
    """Whether it is the session's; it takes the same time whatever is wrong with it."""
    if len(told) > _LONGEST or not told.isascii():
        return False
    try:
        mac = base64.b64decode(told, altchars=b"-_", validate=True)
    except binascii.Error:
        return False
    return secret.is_of(_USE, digest.encode(), mac)


def is_from_here(request: Request, public_url: str = "") -> bool:
    """Whether a form was sent by a page of this very origin, as far as the browser says.

    public_url  Where browsers come to; a proxy in front may ask under another host.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    try:
        hosts = {request.headers.get("host", ""), urlsplit(public_url).netloc}
        return origin is None or urlsplit(origin).netloc in hosts - {""}
    except ValueError:  # brackets that are no address
        return False
