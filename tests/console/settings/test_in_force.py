"""What the settings file says: values, their meaning, and no secret."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from tests.console.conftest import NOW, Rig, rig_of

from stillwatch.act.appeals.appeal import AppealRules
from stillwatch.console.settings.in_force import KEPT, in_force, meanings, settings_kept
from stillwatch.service.settings import PARTS, CollectSettings, ConsoleSettings, ServiceSettings
from stillwatch.service.settings_values import settings_of
from stillwatch.share.node.settings import EvaluatorAt, NodeSettings

SECRET = "pa55word"  # noqa: S105 - looked for, and not found


def test_every_setting_has_a_value_and_a_meaning() -> None:
    """All tables of the file are there, in order, and nothing in them is undocumented."""
    found = in_force(ServiceSettings())
    assert list(found) == ["", *PARTS]
    rows = [row for table in found.values() for row in table]
    assert all(row.meaning.endswith(".") for row in rows), [row.name for row in rows if not row.meaning]
    assert len(rows) == sum(len(settings_of(kind)) for kind in (ServiceSettings, *PARTS.values()))
    assert all(row.is_default for row in rows)
    assert [row.name for row in settings_kept(ServiceSettings())] == list(KEPT)


def test_values_have_units_and_say_when_they_were_set() -> None:
    """Days, sizes and lists are spelt out; what the file sets is told from what it leaves."""
    rules = AppealRules(7, frozenset({date(2026, 12, 25)}), timedelta(days=60))
    collect = CollectSettings(keep_days=90, most_bytes=3 << 20, body_bytes=1001)
    found = in_force(replace(ServiceSettings(), collect=collect, appeals=rules))
    rows = {row.name: row for table in found.values() for row in table}
    told = {name: rows[name].value for name in ("collect.keep_days", "collect.most_bytes", "collect.body_bytes")}
    assert list(told.values()) == ["90 days", "3 MiB", "1,001 bytes"]
    assert rows["appeals.file_within_days"].value == "60 days"
    assert rows["appeals.holidays"].value == "2026-12-25"
    assert rows["watch.every_s"].value == "60 seconds"
    assert rows["console.idle_minutes"].value == "120 minutes"
    assert rows["decide.accounts"].value == "not set"
    assert not rows["collect.keep_days"].is_default
    assert rows["collect.queue_bytes"].is_default


def test_a_meaning_that_goes_on_is_whole() -> None:
    """Lines that are set in belong to the one above."""

    class Documented:
        """Something.

        one     First line
                and second.
        other text

        two     Another.
        """

        one: int
        two: int

    from dataclasses import dataclass  # noqa: PLC0415 - made into one here

    assert meanings(dataclass(Documented)) == {"one": "First line and second.", "two": "Another."}


def test_secrets_are_not_shown(rig: Rig) -> None:
    """An address of a database or of Redis may hold a password: the pages say only that it is set."""
    told = replace(
        rig.home.settings,
        database=f"postgresql://u:{SECRET}@host/name",
        collect=CollectSettings(redis=f"redis://:{SECRET}@host"),
        console=ConsoleSettings(oidc_issuer="https://id.example", oidc_secret=rig.home.settings.folder / "secret"),
    )
    (rig.home.settings.folder / "secret").write_text(SECRET)
    other = rig_of(replace(rig.home, settings=told), lambda: NOW)
    for path in ("/console/settings/file", "/console/settings"):
        text = other.as_("alma").get(path).text
        assert SECRET not in text
    assert other.as_("alma").get("/console/settings/file").text.count("set, and not shown") == 3
    (rig.home.settings.folder / "secret").unlink()
    assert "is not there" in other.as_("alma").get("/console/settings").text


def test_members_and_login_are_told_in_short(rig: Rig) -> None:
    """Without a node or a provider of identities the page says how to set them, with them what they are."""
    text = rig.as_("alma").get("/console/settings").text
    assert "takes part in no exchange" in text
    assert "oidc_issuer" in text
    at = Path("x")
    pair = (EvaluatorAt("one", "https://one.example", at, at), EvaluatorAt("<b>two", "https://two.example", at, at))
    node = NodeSettings("https://forum.example", "findings", at, at, at, pair, open_searches=("domain",))
    text = rig_of(rig.home, lambda: NOW, node=node).as_("alma").get("/console/settings").text
    assert "https://forum.example" in text
    assert "&lt;b&gt;two" in text
    assert "no exchange" not in text
