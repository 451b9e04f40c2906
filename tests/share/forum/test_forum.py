"""The forum around TAXII and the feed: members' own endpoints, health, headers, logs, TLS, its command."""

import json
import logging
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.requests import Request
from starlette.routing import Route
from tests.share.forum_process import free_port, wait_until_ready
from tests.share.hub import Hub, basic, indicator, publish, serving
from typer.testing import CliRunner

from stillwatch.cli import app
from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.share.forum.server import forum_server
from stillwatch.web.listen import Listen
from stillwatch.web.log import JsonLines
from stillwatch.web.server import Tls


def test_a_member_sees_itself_and_nothing_of_others(hub: Hub) -> None:
    """Pseudonym, role, tokens by their public part, grants and quota; no name, no other member."""
    other = hub.roster.add_member("a rival")[0]
    with hub.client(hub.member(write=False)) as client:
        told = client.get("/member/").json()
        everything = [client.get(path).text for path in ("/member/", "/taxii2/", "/forum/", "/forum/collections/")]
    assert told["role"] == "member"
    assert told["collections"] == [{"id": hub.campaigns, "can_read": True, "can_write": False}]
    assert set(told["tokens"][0]) == {"lookup", "created_s", "expires_s"}
    assert told["quota"]["used"]["requests"] >= 1
    for text in everything:
        assert other not in text
        assert "somebody" not in text
        assert "rival" not in text


def test_a_member_rotates_its_token(hub: Hub) -> None:
    """The new one works, the old one has an end."""
    old = hub.member()
    with hub.client(old) as client:
        new = client.post("/member/token/").json()["token"]
    with hub.client(new) as client:
        tokens = {token["lookup"]: token["expires_s"] for token in client.get("/member/").json()["tokens"]}
    assert tokens[basic(new)[0]] is None
    assert tokens[basic(old)[0]] > datetime.now(UTC).timestamp()


def test_health_says_nothing_but_health(hub: Hub) -> None:
    """Without a login, and without a name or a version."""
    with hub.client(None) as client:
        live, ready = client.get("/health/live"), client.get("/health/ready")
        assert (live.json(), ready.json()) == ({"status": "live"}, {"status": "ready"})
        assert client.get("/openapi.json").status_code == 401
        assert client.get("/member/").status_code == 401
    assert live.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in live.headers["Content-Security-Policy"]
    assert "Server" not in live.headers


class Kept(logging.Handler):
    """Keeps what is logged, as the forum writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonLines(["member"]))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Iterator[Kept]:
    """The log from here on."""
    handler = Kept()
    loggers = [logging.getLogger(name) for name in ("stillwatch.forum", "uvicorn.error")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_the_log_has_routes_and_pseudonyms_and_no_secrets(hub: Hub, kept: Kept) -> None:
    """A line of JSON a request; neither token nor path nor query nor content is in it."""
    token = hub.member()
    with hub.client(token) as client:
        publish(client, hub.objects, indicator(1, name="planted-content"))
        client.get(hub.objects, params={"match[type]": "planted-query"})
        client.get("/forum/collections/planted-path/")
        member_id = client.get("/member/").json()["id"]
    lines = [json.loads(line) for line in kept.lines]
    assert [line["status"] for line in lines] == [202, 200, 404, 200]
    assert {line["member"] for line in lines} == {member_id}
    assert lines[2]["route"] == "/forum/collections/{collection}/"
    text = "\n".join(kept.lines)
    assert "planted" not in text
    assert basic(token)[1] not in text


def test_a_bug_is_answered_without_its_text(tmp_path: Path, kept: Kept) -> None:
    """The answer and the log share an id; what the exception says is in neither."""

    def broken(_request: Request) -> Any:
        message = "planted-value"
        raise ValueError(message)

    with serving(tmp_path / "forum.db", routes=[Route("/broken", broken)]) as hub, hub.client(None) as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    error_ids = [line["error_id"] for line in map(json.loads, kept.lines) if "error_id" in line]
    assert len(error_ids) == 1
    assert error_ids[0] in answer.json()["description"]
    assert "planted-value" not in answer.text + "\n".join(kept.lines)
    assert any("test_forum.py" in line for line in kept.lines)


def certificate(folder: Path, name: str, issuer: Any = None) -> tuple[Path, Path, Any]:
    """Files of a certificate and its key, and what signs others with them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer_name, signer_key = issuer or (subject, key)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(signer_name, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(signer_key, hashes.SHA256())
    )
    pem, key_pem = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_pem.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, none))
    return pem, key_pem, (subject, key)


def test_a_member_logs_in_with_a_certificate_that_tls_has_verified(tmp_path: Path) -> None:
    """Mutual TLS end to end: the known certificate is let in, another of the same authority and a header are not."""
    ca_pem, _, ca = certificate(tmp_path, "authority")
    server_pem, server_key, _ = certificate(tmp_path, "localhost", ca)
    known, unknown = (certificate(tmp_path, name, ca)[:2] for name in ("known", "unknown"))
    prints = [sha256(ssl.PEM_cert_to_DER_cert(pem.read_text())).hexdigest() for pem, _ in (known, unknown)]
    with serving(tmp_path / "forum.db", tls=Tls(server_pem, server_key, ca_pem)) as hub:
        member_id = hub.roster.add_member("one")[0]
        hub.roster.trust_certificate(member_id, prints[0])
        told = []
        for pair in (known, unknown, None):
            context = ssl.create_default_context(cafile=str(ca_pem))
            if pair:
                context.load_cert_chain(*pair)
            with httpx.Client(verify=context, base_url=hub.url.replace("127.0.0.1", "localhost")) as client:
                answer = client.get("/member/", headers={"X-Client-Certificate-SHA256": prints[0]})
                told.append((answer.status_code, answer.json().get("id")))
                assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert told == [(200, member_id), (401, None), (401, None)]


def test_missing_tls_files_are_an_error_of_ours(hub: Hub) -> None:
    """Not a traceback of the library's."""
    with pytest.raises(UnreadableSource, match="TLS"):
        forum_server(hub.app, Listen("127.0.0.1", 0), Tls(Path("none.pem"), Path("none.key")))


def run(*arguments: str) -> dict[str, Any]:
    """What a command prints as JSON."""
    result = CliRunner().invoke(app, ["forum", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.output.splitlines()[-1]))


GUARDED = """
import sys, types
guard = types.ModuleType("stillwatch.share.guard.check")
guard.check, guard.Refusal = lambda document, now=None: [], object
sys.modules[guard.__name__] = guard
from stillwatch.cli import main
main()
"""


def test_the_command_from_the_first_to_the_last(tmp_path: Path) -> None:
    """Init, members, collections and grants on the command line; then the forum serves them and ends when told to."""
    db = str(tmp_path / "forum.db")
    made = run("init", "--db", db)
    with pytest.raises(InvalidInput, match="already"):
        run("init", "--db", db)
    added = run("member", "add", "A Lab", "--db", db, "--certificate", "ab" * 32)
    run("collection", "grant", "campaigns", added["member"], "--read", "--write", "--db", db)
    gone = run("member", "add", "Gone", "--db", db, "--role", "auditor")
    run("member", "revoke", gone["member"], "--db", db)
    extra = run("collection", "add", "More", "--db", db, "--alias", "more")
    assert set(extra) == {"collection"}
    listed = CliRunner().invoke(app, ["forum", "member", "list", "--db", db]).output
    assert sorted(line.split("  ", 1)[1] for line in listed.splitlines()) == [
        "name: A Lab  role: member  state: active",
        "name: Gone  role: auditor  state: revoked",
        "name: operator  role: operator  state: active",
    ]
    port = free_port()
    command = [sys.executable, "-c", GUARDED, "forum", "--db", db, "--listen", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"}) as process:
        try:
            wait_until_ready(port)
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {added['token']}"}) as client:
                path = f"/forum/collections/{made['collection']}/objects/"
                assert publish(client, path, indicator(1)).status_code == 202
                assert client.get(path).json()["objects"] == [indicator(1)]
                with client.stream("GET", "/feed") as feed:
                    pieces = feed.iter_raw()
                    assert next(pieces)
                    process.send_signal(signal.SIGTERM)
                    b"".join(pieces)  # ends
        finally:
            process.terminate()
            log = process.communicate(timeout=20)[1]
    assert process.returncode == 0
    assert any(json.loads(line).get("status") == 202 for line in log.splitlines())
    assert added["token"].split(".")[2] not in log


@pytest.mark.parametrize("flags", [["--tls-cert", "a"], ["--client-ca", "a"], ["--listen", "nowhere"]])
def test_flags_that_do_not_fit_are_refused(flags: list[str], tmp_path: Path) -> None:
    """Half of TLS, or an address without a port."""
    result = CliRunner().invoke(app, ["forum", "--db", str(tmp_path / "forum.db"), *flags])
    assert isinstance(result.exception, InvalidInput)
