"""What an engine's plugin is set up with: one JSON file, named by the environment, read once at start-up.

::

    {"master": "/run/secrets/marks", "tags": "/run/secrets/tags",
     "scheme": {"delta": 1.0}, "untagged": "refuse"}

`master` and `tags` are files of `stillwatch trace keys new`, for the engine's account alone to read. `untagged` says
what becomes of a request without a tag: "refuse" (it did not come through the gateway), or "pass" (it is served
without a mark).
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import orjson

from stillwatch.errors import FailedProof, InvalidInput, StillwatchError, UnreadableSource
from stillwatch.trace.engines.tag import ARGUMENT, Tag, TagSecret
from stillwatch.trace.keys.keeper import KeyKeeper
from stillwatch.trace.keys.key import Purpose
from stillwatch.trace.mark.options import Scheme
from stillwatch.trace.mark.request import MarkKeys

__all__ = ["VARIABLE", "EngineSettings"]

VARIABLE: Final = "STILLWATCH_MARK_SETTINGS"
_NAMES: Final = ("master", "tags", "scheme", "untagged")


@dataclass(frozen=True)
class EngineSettings:
    """Secrets and scheme of one engine.

    refuses_untagged    Whether a request without a tag is an error.
    """

    keeper: KeyKeeper = field(repr=False)
    secret: TagSecret = field(repr=False)
    scheme: Scheme = field(default_factory=Scheme)
    refuses_untagged: bool = True

    @classmethod
    def from_environment(cls) -> Self:
        """Settings of the file that the environment names.

        Raises      InvalidInput when it names none; else as `read`.
        """
        named = os.environ.get(VARIABLE, "")
        if not named:
            message = f"{VARIABLE} must name the JSON file of settings for marks"
            raise InvalidInput(message)
        return cls.read(Path(named))

    @staticmethod
    def at_admission() -> "EngineSettings":
        """The same, read once in a process: for checks that each request waits for.

        Raises      As `from_environment`.
        """
        return _read_once(os.environ.get(VARIABLE, ""))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Settings of a file.

        Raises      UnreadableSource when it cannot be read; InvalidInput with every problem of it at once.
        """
        try:
            told = orjson.loads(path.read_bytes())
        except OSError as error:
            message = f"cannot read settings for marks {path}: {type(error).__name__}"
            raise UnreadableSource(message) from error
        except orjson.JSONDecodeError as error:
            message = f"settings for marks {path} must be JSON: {error}"
            raise InvalidInput(message) from error
        if not isinstance(told, dict):
            message = f"settings for marks {path} must be an object, got {type(told).__name__}"
            raise InvalidInput(message)
        return cls._checked(told, path)

    @classmethod
    def _checked(cls, told: Mapping[str, Any], path: Path) -> Self:
        problems = [f"{name} is not known" for name in told if name not in _NAMES]
        keeper = _tried(lambda: KeyKeeper.open(Path(told["master"])), "master", problems)
        secret = _tried(lambda: TagSecret.open(Path(told["tags"])), "tags", problems)
        scheme = _tried(lambda: Scheme(**told.get("scheme", {})), "scheme", problems)
        untagged = told.get("untagged", "refuse")
        if untagged not in {"refuse", "pass"}:
            problems.append(f"untagged must be refuse or pass, got {untagged}")
        if told.get("master") is not None and told.get("master") == told.get("tags"):
            problems.append("master and tags must be two secrets: a gateway needs no key of marks")
        if problems or keeper is None or secret is None or scheme is None:
            known = ", ".join(f.name for f in dataclasses.fields(Scheme))
            message = f"settings for marks {path}: {'; '.join(problems)} (a scheme has {known})"
            raise InvalidInput(message)
        return cls(keeper, secret, scheme, untagged == "refuse")

    def tag_of(self, extra: Mapping[str, Any] | None, now_s: float | None) -> Tag | None:
        """Tag among a request's extra arguments; None for a request that is served without a mark.

        now_s       As for `TagSecret.read`.
        Raises      FailedProof for a tag that does not hold, or none where one is needed.
        """
        text = (extra or {}).get(ARGUMENT)
        if text is not None:
            return self.secret.read(text, now_s)
        if self.refuses_untagged and now_s is not None:
            message = f"{ARGUMENT} is missing: requests come through the gateway"
            raise FailedProof(message)
        return None

    def keys(self, tag: Tag) -> MarkKeys:
        """Keys that a tagged request is marked with."""
        keeper, epoch, has_slots = self.keeper, tag.epoch, self.scheme.has_slots
        return MarkKeys(
            account=keeper.key(Purpose.ACCOUNT, tag.account, epoch) if tag.account else None,
            campaign=keeper.key(Purpose.CAMPAIGN, tag.campaign, epoch) if tag.campaign else None,
            provider=keeper.key(Purpose.GLOBAL, "", epoch) if has_slots else None,
            symbol=keeper.key(Purpose.SYMBOL, "", epoch) if has_slots else None,
        )


@lru_cache(maxsize=4)
def _read_once(named: str) -> EngineSettings:
    return EngineSettings.read(Path(named)) if named else EngineSettings.from_environment()


def _tried(make: Any, name: str, problems: list[str]) -> Any:  # noqa: ANN401  what it makes, or None
    try:
        return make()
    except KeyError:
        problems.append(f"{name} is missing")
    except TypeError:
        problems.append(f"{name} is not of the right form")
    except StillwatchError as error:
        problems.append(str(error))
    return None
