"""``stillwatch member``: a provider's node beside its own findings."""

import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli import member_rules
from stillwatch.cli.member_appeal import appeal, appeals
from stillwatch.cli.member_appeal import told_of as told_of_appeal
from stillwatch.cli.member_backsearch import backsearch, told_of
from stillwatch.cli.options import AsJson
from stillwatch.cli.telling import check_refused as _check
from stillwatch.cli.telling import tell as _tell
from stillwatch.errors import InvalidInput

if TYPE_CHECKING:
    from stillwatch.model.indicator import Indicator
    from stillwatch.share.node.node import Checked

__all__ = ["member"]

member = typer.Typer(
    help="A provider's node: tell of a campaign, check what others tell, answer.", no_args_is_help=True
)
member_rules.add_to(member)

member.add_typer(backsearch, name="backsearch")

member.command()(appeals)
member.add_typer(appeal, name="appeal")

SettingsAt = Annotated[
    Path, typer.Option("--settings", envvar="STILLWATCH_MEMBER", help="TOML file that says where everything is.")
]
_SETTINGS = Path("member.toml")


@member.command()
def run(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """Follow the forum, check every indicator against the member's own traffic, and answer; until interrupted.

    When a scan leaves a new index, or an epoch begins, the node tags its traffic again and goes on where it was.
    Back-searches go on beside it.
    """
    from stillwatch.share.node.search.office import office_of
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings

    goes_on = True
    while goes_on:
        with opened(read_settings(settings), datetime.now(UTC)) as service, office_of(service) as office:
            again, memory = service.retell(), service.memory()
            service.node.look_again(memory, datetime.now(UTC))
            told = {"node": service.node.member_id, "own_tags": len(memory.index.kind), "told_again": again}
            _tell(told, as_json=as_json)
            searching = functools.partial(office.forever, lambda moved: _tell(told_of(moved), as_json=as_json))
            goes_on = service.run(
                memory,
                lambda checked: _tell(_told(checked), as_json=as_json),
                searching,
                on_appeal=lambda waiting: _tell(told_of_appeal(waiting), as_json=as_json),
            )


@member.command()
def publish(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Id of a harvest in the index.")],
    settings: SettingsAt = _SETTINGS,
    *,
    tlp: Annotated[str, typer.Option(help="Who may see it: clear, green, amber, amber+strict or red.")] = "amber",
    days: Annotated[int, typer.Option(min=1, max=30, help="Days it may be used.")] = 14,
    quiet_h: Annotated[
        int, typer.Option(min=0, max=72, help="Advice not to act visibly for so many hours; it binds nobody.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Tell the others of a campaign: tags, buckets and levels, after the guard has passed them."""
    from stillwatch.model.indicator import Tlp
    from stillwatch.share.node.publish import Telling
    from stillwatch.share.node.service import opened
    from stillwatch.share.node.settings import read_settings

    if tlp not in {level.value for level in Tlp}:
        message = f"--tlp must be clear, green, amber, amber+strict or red, got {tlp}"
        raise InvalidInput(message)
    with opened(read_settings(settings), datetime.now(UTC)) as service:
        identifier, outcome = service.publish(campaign, Telling(Tlp(tlp), days, quiet_h))
    _tell({"indicator": identifier, "objects": len(outcome.accepted), "refused": outcome.refused}, as_json=as_json)
    _check(outcome.refused)


@member.command()
def revoke(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of an indicator this node has published.")],
    settings: SettingsAt = _SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Take an indicator back: every member's node withdraws what came of it."""
    from stillwatch.share.node.revoking import revoking_desk
    from stillwatch.share.node.settings import read_settings

    with revoking_desk(read_settings(settings)) as desk:
        outcome = desk.take_back(indicator)
    _tell({"revoked": indicator, "refused": outcome.refused}, as_json=as_json)
    _check(outcome.refused)


@member.command()
def findings(settings: SettingsAt = _SETTINGS, as_json: AsJson = False) -> None:
    """List what others' indicators point to in the member's own traffic, with the member's own evidence beside it."""
    from stillwatch.share.node.node import findings_in, indicator_in
    from stillwatch.share.node.said import opinions_of
    from stillwatch.share.node.settings import read_settings
    from stillwatch.share.node.tables import NODE_TABLES
    from stillwatch.store.database import open_database

    engine = open_database(read_settings(settings).folder / "node.db", NODE_TABLES)
    for found in findings_in(engine):
        with engine.begin() as connection:
            against = opinions_of(connection, found["indicator_id"])
        own, word = found["local"], found["word"]
        told = {
            "family": found["family"],
            "own_verdict": own["verdict"],
            "own_bits": round(own["score_bits"], 1),
            "accounts": own["n_accounts"],
            "indicator": found["indicator_id"],
            "match_bits": round(word["match_bits"], 1),
            "source": word["confidence"]["source"],
            "information": word["confidence"]["information"],
            "origins": word.get("origins", 1),
            "withdrawn": found["withdrawn"],
            "held_false_by": len(against),
            "held_false_because": sorted({one.reason.value for one in against if one.reason}),
        }
        _tell(told | _advice(indicator_in(engine, found["indicator_id"])), as_json=as_json)


@member.command("evaluator-token")
def evaluator_token(
    name: Annotated[str, typer.Argument(help="What the evaluator calls the member.")],
    members: Annotated[Path, typer.Option(help="The evaluator's file of members; a line is added.")],
    as_json: AsJson = False,
) -> None:
    """Make a member's token for an evaluator, for its operator; the token is shown this once."""
    from stillwatch.share.evaluator.members import new_member

    token, line = new_member(name)
    with members.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    members.chmod(0o600)
    _tell({"member": name, "token": token}, as_json=as_json)


@member.command("evaluator-keys")
def evaluator_keys(
    url: Annotated[str, typer.Argument(help="The evaluator.")],
    token_file: Annotated[Path, typer.Option(help="File with the member's token there.")],
    out: Annotated[Path, typer.Option(help="File of public keys to write; compare it with the other members'.")],
) -> None:
    """Write down an evaluator's public keys, to be compared with what others were told before they are believed."""
    from stillwatch.share.evaluator.messages import write_keys
    from stillwatch.share.node.service import keys_told_by

    days, keys = keys_told_by(url, token_file)
    out.write_bytes(write_keys(days, keys))
    for epoch, key in sorted(keys.items()):
        typer.echo(f"epoch {epoch}: {key.hex()}")


def _told(checked: "Checked") -> dict[str, Any]:
    answer = checked.answer
    return {
        "indicator": checked.indicator.indicator_id,
        "answer": "nothing to compare" if answer.answer is None else answer.answer.value,
        "days": answer.days,
        "coverage": answer.coverage,
        "findings": len(answer.findings),
    } | _advice(checked.indicator)


def _advice(indicator: "Indicator | None") -> dict[str, str]:
    """What the originator asks of whoever reads it, while it holds; nothing else is done with it."""
    from stillwatch.share.answers.advice import quiet_advice

    advice = None if indicator is None else quiet_advice(indicator, datetime.now(UTC))
    return {} if advice is None else {"advice": advice.sentence}
