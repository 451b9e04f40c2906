"""The caller and the server that it calls."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from stillwatch.errors import Declined
from stillwatch.service.rehearsal.behind_http import bound, running
from stillwatch.service.rehearsal.caller import Caller, form_token_of


async def decide(request: Request) -> Response:
    """Tells what it was sent."""
    told = {"body": (await request.body()).decode(), "token": request.headers.get("authorization")}
    return JSONResponse(told, 200 if request.headers.get("authorization") == "Bearer good" else 401)


async def appeal(request: Request) -> Response:
    """A page with a form; what is sent to it is shown afterwards."""
    if request.method == "POST":
        request.app.state.sent = (await request.body()).decode()
        return RedirectResponse("x", 303)
    assert "authorization" not in request.headers
    return HTMLResponse(f'<p>{getattr(request.app.state, "sent", "")}<input name="form" value="t-1">')


APP = Starlette(
    routes=[
        Route("/v1/decide", decide, methods=["POST"]),
        Route("/appeal/x", appeal, methods=["GET", "POST"]),
    ]
)


def test_a_decision_comes_back_with_its_time() -> None:
    """Body and token arrive; a refused token is Declined, and the connection goes on."""
    with bound() as place, running(APP, place) as port:
        with Caller(port, "good") as caller:
            told = caller.decide(b'{"a": 1}')
            assert (told.decision, told.seconds > 0) == ({"body": '{"a": 1}', "token": "Bearer good"}, True)
        with Caller(port, "bad") as caller:
            for _ in range(2):
                with pytest.raises(Declined, match="POST /v1/decide was answered 401"):
                    caller.decide(b"{}")


def test_a_customer_has_no_token() -> None:
    """A page and a form are as a browser would have them; the answer is the page that it is sent to."""
    with bound() as place, running(APP, place) as port, Caller(port, "good") as caller:
        url = f"http://127.0.0.1:{port}/appeal/x"
        assert form_token_of(caller.page(url)) == "t-1"
        assert "statement=a+%26+b" in caller.send_form(url, {"statement": "a & b"})


def test_nobody_there() -> None:
    """After the block nothing listens, and whoever calls is told without the path of a link."""
    with bound() as place, running(APP, place) as port:
        pass
    with Caller(port, "good") as caller, pytest.raises(Declined) as gone:
        caller.page("/appeal/secret-link")
    assert "secret-link" not in str(gone.value)


def test_a_page_without_a_form_has_no_token() -> None:
    """Nor has one with another field."""
    assert form_token_of("<p>no") is None
    assert form_token_of('<input name="other" value="x">') is None
