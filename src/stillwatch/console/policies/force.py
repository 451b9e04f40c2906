"""What is in force now, and what a rollback would go back to."""

from dataclasses import dataclass

from sqlalchemy import Connection

from stillwatch.act.policy.activations import STAGES, Activation, activation, in_force
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.versions import load_version, version_added
from stillwatch.errors import StillwatchError
from stillwatch.signing.keys import Keys

__all__ = ["Force", "force_of"]


@dataclass(frozen=True, slots=True)
class Force:
    """What is in force.

    last        The last change; None when there never was one.
    policy      In force; None for nothing, or for a version that does not hold.
    wrong       Why the version in force does not hold: then everything is observed.
    back        What a rollback puts in force again; None for nothing.
    back_name   Name of that policy.
    """

    last: Activation | None = None
    policy: Policy | None = None
    wrong: str = ""
    back: Activation | None = None
    back_name: str = ""

    @property
    def number(self) -> int:
        """Of the last change; whoever changes it tells that this one was seen."""
        return 0 if self.last is None else self.last.number

    @property
    def version(self) -> str | None:
        """In force; None for nothing."""
        return None if self.last is None else self.last.version

    @property
    def is_partial(self) -> bool:
        """Whether it is rolled out to a part of the accused streams only."""
        return self.last is not None and self.last.version is not None and self.last.stage < STAGES[-1]

    @property
    def can_go_back(self) -> bool:
        """Whether anything was in force before, be it nothing."""
        return self.last is not None and (self.last.version is not None or self.last.before != 0)


def force_of(connection: Connection, keys: Keys) -> Force:
    """What is in force now.

    Raises      FailedProof when the row of the last change was changed.
    """
    last = in_force(connection, keys)
    if last is None:
        return Force()
    policy, wrong = None, ""
    if last.version is not None:
        try:
            policy = load_version(connection, last.version, keys)
        except StillwatchError as error:
            wrong = str(error)
    back = activation(connection, last.before, keys) if last.before else None
    if back is None or back.version is None:
        return Force(last, policy, wrong)
    try:
        name = version_added(connection, back.version, keys).name
    except StillwatchError:
        name = "a version that was changed since"
    return Force(last, policy, wrong, back, name)
