"""Settings of the service: defaults, paths, and every problem at once."""

import re
import tempfile
from dataclasses import fields, replace
from datetime import date, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.service.settings import PARTS, ServiceSettings, read_settings, settings_at

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def _written(folder: Path, text: str) -> Path:
    path = folder / "service.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _wrong(folder: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as told:
        read_settings(_written(folder, text))
    return str(told.value)


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """Who says nothing gets what is documented, in a folder beside the file."""
    expected = replace(ServiceSettings(), folder=tmp_path / "stillwatch-service")
    assert read_settings(_written(tmp_path, "")) == expected


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A settings file can be moved with what it names, wherever the command is run."""
    text = 'folder = "var"\n[watch]\npools = ["a.txt"]\nevery_s = 5\n[decide]\naccounts = "accounts.parquet"\n'
    found = read_settings(_written(tmp_path, text))
    assert found.folder == tmp_path / "var"
    assert found.watch.pools == (tmp_path / "a.txt",)
    assert found.watch.every_s == 5
    assert found.decide.accounts == tmp_path / "accounts.parquet"
    assert found.database_url == f"sqlite:///{tmp_path / 'var' / 'service.db'}"
    text = 'database = "sqlite:///a/b.db"\n[member]\nfolder = "node"\n'
    found = read_settings(_written(tmp_path, text))
    assert found.database_url == f"sqlite:///{tmp_path / 'a' / 'b.db'}"
    assert found.member.folder == tmp_path / "node"


def test_commands_find_the_usual_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is named, else the usual one of the current folder, else defaults."""
    monkeypatch.chdir(tmp_path)
    assert settings_at(None) == ServiceSettings()
    (tmp_path / "stillwatch-service.toml").write_text('provider = "Usual"')
    assert settings_at(None).provider == "Usual"
    assert settings_at(_written(tmp_path, 'provider = "Named"')).provider == "Named"


def test_what_customers_and_proxies_are_told(tmp_path: Path) -> None:
    """Names, networks and promises come as the service uses them."""
    text = """
provider = "Example AI"
contact = "appeals@example.com"
public_url = "https://api.example.com/stillwatch/"
trusted_proxies = ["10.0.0.0/8", "fd00::/8"]
tls_certificate = "a.crt"
tls_key = "a.pem"
[appeals]
answer_within_days = 3
file_within_days = 60
holidays = [2026-12-25]
"""
    found = read_settings(_written(tmp_path, text))
    assert (found.provider, found.contact) == ("Example AI", "appeals@example.com")
    assert found.public_url == "https://api.example.com/stillwatch"
    assert found.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert (found.tls_certificate, found.tls_key) == (tmp_path / "a.crt", tmp_path / "a.pem")
    assert (found.appeals.answer_within, found.appeals.file_within) == (3, timedelta(days=60))
    assert (found.appeals.holidays, found.appeals.most_softened) == (frozenset({date(2026, 12, 25)}), 10)


def test_the_folder_of_the_node_is_relative_too(tmp_path: Path) -> None:
    """Without it the provider takes part in no exchange."""
    assert read_settings(_written(tmp_path, '[member]\nfolder = "exchange"\n')).member.folder == tmp_path / "exchange"
    assert read_settings(_written(tmp_path, "[member]\n")).member.folder is None


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one line to be told of the next: unknown names, kinds, values and what belongs together."""
    text = (
        'lsten = "x"\nlisten = 5\ncollect = 3\npublic_url = "ftp://x"\ntls_key = "k"\n'
        '[watch]\nperiod_h = 7\nevery_s = -1\nmemory = true\n[decide]\ngateways = "native"\n'
        "[appeals]\nanswer_within_days = 31\n"
    )
    told = _wrong(tmp_path, text)
    for part in (
        "lsten is no setting; there are contact, database",
        "listen must be text, got int",
        "collect must be a table",
        "watch.period_h must divide a day, got 7",
        "watch.every_s must be a number above 0",
        "watch.memory must be text",
        "decide.gateways must be a list of texts, got str",
        "public_url must be an http or https URL",
        "tls_certificate and tls_key belong together",
        "appeals.answer_within_days must be at most 30 working days, got 31",
    ):
        assert part in told
    assert told.count(";") == 10  # one between each two, and one within the first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('public_url = "https://example.com/?a=1"', "public_url must be a URL without user, query and fragment"),
        ('public_url = "https://u:planted@example.com"', "public_url must be a URL without user, query and fragment"),
        ('public_url = "https://example.com/#a"', "public_url must be a URL without user"),
        ('public_url = "https://[::1"', "public_url must be an http or https URL"),
        ('public_url = "https://exa mple.com"', "public_url must be an http or https URL"),
        ('public_url = "https:///path"', "public_url must be an http or https URL"),
        ('database = "mysql://u:planted@host/name"', "database must be sqlite:///PATH or postgresql://HOST/NAME"),
        ('database = "service.db"', "database must be sqlite:///PATH or postgresql://HOST/NAME"),
        ('database = "sqlite://"', "database must be sqlite:///PATH or postgresql://HOST/NAME"),
        ('database = "postgresql://host"', "database must be sqlite:///PATH or postgresql://HOST/NAME"),
        ('listen = "8470"', "listen must be HOST:PORT with a port up to 65535, got 8470"),
        ('listen = "h:70000"', "listen must be HOST:PORT with a port up to 65535, got h:70000"),
        ('provider = "a\\nb"', "provider must be one line of at most 200 characters"),
        ('trusted_proxies = ["10.0.0.1/8"]', 'trusted_proxies must be a list of networks such as "10.0.0.0/8"'),
        ('trusted_proxies = ["*"]', "trusted_proxies must be a list of networks"),
        ('[appeals]\nholidays = ["2026-12-25"]', "appeals.holidays must be a list of dates such as 2026-12-25"),
        ("[appeals]\nfile_within_days = 366", "appeals.file_within_days must be at most 365 days, got 366"),
        ("[appeals]\nmost_softened = 0", "appeals.most_softened must be a whole number above 0"),
        ('[collect]\ncontent = "hash"', "collect.content must be one of full, hashed, none, got hash"),
        ('[collect]\nredis = "http://x:planted@y"', "collect.redis must be a redis, rediss or unix URL"),
        ("[collect]\nkeep_days = 99999999999", "collect.keep_days must be at most 3,650 days"),
        ('[watch]\nmemory = "much"', "watch.memory must be an amount like 4GB"),
        ('[watch]\nmemory = "1MB"', "watch.memory must be at least 128MB"),
        ("[watch]\nevery_s = inf", "watch.every_s must be a number above 0, got float"),
        ('[decide]\ngateways = ["native", "ngnix"]', "decide.gateways must be some of native, litellm, .*, got ngnix"),
        ('[decide]\naccount_header = "X Y"', "decide.account_header must be the name of a header in lower case"),
        ('[member]\nfolder = ""', "member.folder must be a path, got str"),
    ],
)
def test_what_a_value_may_be(tmp_path: Path, text: str, told: str) -> None:
    """The setting, what is allowed, and no password."""
    wrong = _wrong(tmp_path, text)
    assert re.search(told, wrong) or told in wrong
    assert "planted" not in wrong


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    """No file, no TOML, no text and too much of it are different troubles; what stands in it is not repeated."""
    with pytest.raises(UnreadableSource, match="No such file"):
        read_settings(tmp_path / "none.toml")
    assert "must be TOML in UTF-8, which it is not at line 2, column 5" in _wrong(tmp_path, "a = 1\nb = = planted")
    assert "planted" not in _wrong(tmp_path, "database = postgresql://u:planted@host/name")
    (tmp_path / "service.toml").write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="must be TOML in UTF-8"):
        read_settings(tmp_path / "service.toml")
    assert "at most 65,536 bytes" in _wrong(tmp_path, "#" * 70_000)


def test_the_example_of_the_reference_is_good(tmp_path: Path) -> None:
    """What people copy can be read, and every setting has a line of its own on the page."""
    text = PAGE.read_text()
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = read_settings(_written(tmp_path, example))
    assert found != read_settings(_written(tmp_path, ""))
    rows = dict(re.findall(r"^\| `(\S+)` \|(.*)$", text, re.MULTILINE))
    told = {f.name for f in fields(ServiceSettings)} - set(PARTS)
    told |= {f"{name}.{f.name}" for name, part in PARTS.items() for f in fields(part)}
    assert set(rows) == told
    assert all(row.rstrip(" |").split("|")[-1].strip() for row in rows.values())


_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(f"\\U{ord(c):08X}" for c in value if not 0xD800 <= ord(c) < 0xE000)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted({f.name for f in fields(ServiceSettings)} | {f"{n}.x" for n in PARTS})), _VALUES
    )
)
def test_whatever_is_told_is_read_or_refused(told: dict[str, object]) -> None:
    """No value of any kind is an error of another kind; what is read can be used as it is."""
    text, problem = "".join(f"{name} = {_toml(value)}\n" for name, value in told.items()), ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = read_settings(_written(Path(folder), text))
        except InvalidInput as wrong:
            problem, found = str(wrong), ServiceSettings()
    assert not problem or any(name in problem for name in (*told, "must be TOML"))
    assert all(isinstance(getattr(found, name), str | None) for name in ("database", "listen", "public_url"))


def test_half_a_file_is_none(tmp_path: Path) -> None:
    """In the half that would not be read the protected accounts may be named."""
    path = _written(tmp_path, "# " + "x" * 70_000 + '\n[decide]\nprotected = "protected.txt"\n')
    with pytest.raises(InvalidInput, match="at most 65,536 bytes"):
        read_settings(path)


def test_passwords_in_addresses_are_not_printed(tmp_path: Path) -> None:
    """Of a database and a Redis only whoever connects sees the URL."""
    text = 'database = "postgresql://u:secret@db/x"\n[collect]\nredis = "redis://:secret@log/0"\n'
    found = read_settings(_written(tmp_path, text))
    assert found.collect.redis == "redis://:secret@log/0"
    assert "secret" not in repr(found)
