"""Signals end a server in order, and what comes after the first one only hurries."""

import os
import signal
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette

from stillwatch.errors import InvalidInput
from stillwatch.web.ending import Ending
from stillwatch.web.listen import Listen
from stillwatch.web.server import server_of

BOTH = (signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize("number", BOTH)
def test_only_the_second_signal_hurries_and_neither_ends_the_process(number: signal.Signals) -> None:
    """One while the server starts, one after it, one while what it served is ended: then all is as it was before."""
    before, hurried = [signal.getsignal(one) for one in BOTH], list[str]()

    def run() -> None:
        os.kill(os.getpid(), number)
        assert (server.should_exit, hurried) == (True, [])

    server: Any = SimpleNamespace(should_exit=False, run=run)
    with Ending() as ending:
        ending.run(server, lambda: hurried.append("hurried"))
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert hurried == ["hurried", "hurried"]
    assert [signal.getsignal(one) for one in BOTH] == before


@pytest.mark.parametrize("number", BOTH)
def test_a_server_does_not_wait_at_the_second_signal(number: signal.Signals) -> None:
    """At the first what is being answered is waited for, at the second it is not, whichever signal it is."""
    server = server_of(Starlette(), Listen("127.0.0.1", 0))
    server.handle_exit(number, None)
    assert (server.should_exit, server.force_exit) == (True, False)
    server.handle_exit(number, None)
    assert server.force_exit


def test_an_address_in_use_is_told() -> None:
    """By its name, and nobody is told that the server has started."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server, started = server_of(Starlette(), Listen("127.0.0.1", port)), list[str]()
        server.on_start = lambda: started.append("started")
        with pytest.raises(InvalidInput, match=f"cannot listen on 127.0.0.1:{port}"):
            server.run()
    assert started == []


def test_who_waits_for_the_start_is_told() -> None:
    """Once it listens."""
    server, started = server_of(Starlette(), Listen("127.0.0.1", 0)), list[int]()

    def note() -> None:
        started.append(server.servers[0].sockets[0].getsockname()[1])
        server.should_exit = True

    server.on_start = note
    server.run()
    assert len(started) == 1
