"""Tokens never cross a network in clear: what would let them is refused."""

from pathlib import Path

import pytest

from stillwatch.cli.listening import LOOPBACK, check_listening
from stillwatch.errors import InvalidInput

PEM = Path("server.pem")


@pytest.mark.parametrize("host", [*sorted(LOOPBACK), "0.0.0.0", "::", "192.0.2.1", "forum.example"])  # noqa: S104 - it is what is tested
def test_beyond_the_machine_only_with_tls_or_behind_who_ends_it(host: str) -> None:
    """With a certificate anywhere; without one on the loopback, or when a proxy is named."""
    check_listening(host, PEM, PEM)
    check_listening(host, None, None, behind_proxy=True)
    if host in LOOPBACK:
        check_listening(host, None, None)
    else:
        with pytest.raises(InvalidInput, match="in clear"):
            check_listening(host, None, None)


@pytest.mark.parametrize(("certificate", "key"), [(PEM, None), (None, PEM)])
def test_a_certificate_and_its_key_go_together(certificate: Path | None, key: Path | None) -> None:
    """One without the other starts nothing, not even on the loopback."""
    with pytest.raises(InvalidInput, match="go together"):
        check_listening("127.0.0.1", certificate, key)
