"""Tokens of gateways: issued, shown once, ended."""

import re
from datetime import timedelta

from tests.console.conftest import NOW, Rig, rig_of

from stillwatch.console.settings.token_rows import n_tokens, tokens_of
from stillwatch.service.access.issued import PREFIX, Issue, Scope, issue_token, issued_tokens
from stillwatch.web.tokens import matches, parse_token

PATH = "/console/settings/tokens"


def test_a_token_is_shown_once_on_the_page_that_answers(rig: Rig) -> None:
    """It is the token that the service knows, and stands in no address and on no later page."""
    alma = rig.as_("alma")
    answer = alma.send(PATH, name="gateway-1", scope="decide", days="90")
    found = re.search(r'class="secret"><code>([^<]+)</code>', answer.text)
    assert found is not None
    token = parse_token(found[1], PREFIX)
    assert token is not None
    with rig.home.engine.begin() as connection:
        (row,) = issued_tokens(connection)
    assert matches(token, row.hashed)
    assert (row.scopes, row.made_by, row.expires_at) == (frozenset({Scope.DECIDE}), "alma", NOW + timedelta(days=90))
    assert not answer.history
    assert token.secret not in str(answer.url)
    later = alma.get(PATH).text
    assert token.lookup in later
    assert token.secret not in later
    assert "argon2" not in later


def test_a_wrong_form_is_shown_again(rig: Rig) -> None:
    """Each problem stands at its place beside what was typed; nothing is issued."""
    alma = rig.as_("alma")
    answer = alma.send(PATH, name="proxy", days="many")
    assert answer.status_code == 422
    assert "Tick what the token is for" in answer.text
    assert "days-wrong" in answer.text
    assert 'value="proxy"' in answer.text
    assert 'value="many"' in answer.text
    assert alma.send(PATH, name="proxy", scope="decide", days="0").status_code == 422
    assert "token&#39;s name must be" in alma.send(PATH, name="<b>", scope="decide").text
    alma.send(PATH, name="proxy", scope="decide")
    assert "here is a token of the name proxy" in alma.send(PATH, name="proxy", scope="collect").text
    with rig.home.engine.begin() as connection:
        assert len(issued_tokens(connection)) == 1


def test_a_token_is_ended_once(rig: Rig) -> None:
    """It stands among the ended ones, and a second end says so."""
    alma = rig.as_("alma")
    assert "No token is in use" in alma.get(PATH).text
    assert "Nothing may call the service" in alma.get("/console/settings").text
    alma.send(PATH, name="proxy", scope="collect")
    assert ">proxy<" in alma.get("/console/settings").text
    assert "The token proxy has ended" in alma.send(f"{PATH}/proxy/end").text
    assert alma.send(f"{PATH}/proxy/end").status_code == 409
    assert ">proxy<" in alma.get(f"{PATH}?ended=1").text
    assert alma.client.post(f"{PATH}/proxy/end", data={"form": "x"}).status_code == 403
    assert rig.as_("bea").send(PATH, name="other", scope="decide").status_code == 403


def test_an_expired_token_says_so(rig: Rig) -> None:
    """It was not ended by anybody, and opens nothing."""
    with rig.home.engine.begin() as connection:
        for name, days in (("short", 1), ("long", 30)):
            issue = Issue(name, frozenset({Scope.METRICS}), "alma", NOW + timedelta(days=days))
            issue_token(connection, rig.home.trail, issue, NOW)
        rows = {row.name: row for row in tokens_of(connection, 0, 9)}
        assert [row.name for row in tokens_of(connection, 1, 9)] == ["short"]
        assert (n_tokens(connection, ended=False), n_tokens(connection, ended=True)) == (2, 0)
    later = NOW + timedelta(days=2)
    assert rows["short"].is_expired(later)
    assert not rows["long"].is_expired(later)
    assert rig_of(rig.home, lambda: later).as_("alma").get(PATH).text.count(">expired<") == 1
