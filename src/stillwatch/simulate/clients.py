"""What people call with: client builds, request settings and models."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from stillwatch.simulate.arrays import FloatArray, IntArray

__all__ = ["MODELS", "NEW_MODEL", "PROVIDER", "Build", "Clients", "Setting"]

PROVIDER = "orion"


class Model(NamedTuple):
    """A model on offer; prices in US dollars per million tokens."""

    name: str
    weight: float
    input_price: float
    output_price: float
    reasons: bool


MODELS: tuple[Model, ...] = (
    Model("orion-5", 0.44, 3.0, 15.0, reasons=False),
    Model("orion-5-think", 0.18, 5.0, 25.0, reasons=True),
    Model("orion-5-mini", 0.26, 0.4, 1.6, reasons=False),
    Model("orion-4", 0.12, 2.5, 10.0, reasons=False),
    Model("orion-6", 0.0, 4.0, 20.0, reasons=True),
)
NEW_MODEL = len(MODELS) - 1
"""Place of the model that nobody has before it is released."""


class Build(NamedTuple):
    """A client as the provider sees it. `names_conversations` is False when it sends no conversation id."""

    client_build: str
    user_agent: str
    tls: str
    names_sessions: bool
    names_conversations: bool


class Setting(NamedTuple):
    """Request parameters; None is left to the provider."""

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    choice_count: int | None
    wants_logprobs: bool | None
    reasoning_effort: str | None


_PRODUCTS = {
    # product: (weight, newest version, TLS library, names sessions, names conversations)
    "orion-python": (20, "2.14", "openssl", False, True),
    "orion-node": (12, "1.31", "node", False, True),
    "openai-python": (13, "1.99", "openssl", False, True),
    "openai-node": (7, "4.77", "node", False, True),
    "langchain": (7, "0.3", "openssl", True, True),
    "litellm": (6, "1.74", "openssl", True, True),
    "open-webui": (7, "0.6", "openssl", True, True),
    "librechat": (4, "0.7", "node", True, True),
    "chatbox-desktop": (6, "1.12", "boring", True, True),
    "codepilot-ide": (6, "3.8", "boring", True, True),
    "orion-go": (3, "0.9", "go", False, True),
    "orion-java": (3, "1.7", "jdk", False, True),
    "python-requests": (3, "2.32", "openssl", False, False),
    "axios": (2, "1.7", "node", False, False),
    "okhttp": (1, "4.12", "boring", False, False),
}
_SYSTEMS = {"linux": 0.5, "windows": 0.27, "macos": 0.23}
_POPULAR_SETTINGS: tuple[tuple[float, Setting], ...] = (
    (30, Setting(None, None, None, None, None, None)),
    (12, Setting(1.0, None, 4096, None, None, None)),
    (10, Setting(0.7, None, None, None, None, None)),
    (8, Setting(0.7, 1.0, 2048, 1, None, None)),
    (8, Setting(0.0, None, 1024, None, None, None)),
    (6, Setting(0.2, None, 4096, None, None, None)),
    (5, Setting(None, None, 8192, None, None, "medium")),
    (4, Setting(None, None, 16384, None, None, "high")),
    (4, Setting(0.0, 1.0, 512, 1, False, None)),
    (3, Setting(0.5, 0.9, 2000, 1, None, None)),
    (3, Setting(1.0, 0.95, None, None, None, None)),
    (2, Setting(0.3, None, 1500, 1, None, None)),
)
_RARE_SETTINGS = 240


def _builds() -> tuple[list[Build], FloatArray]:
    """Every product in four versions on three systems, and how common each is."""
    builds, weights = [], []
    for product, (weight, newest, library, sessions, conversations) in _PRODUCTS.items():
        major, minor = newest.split(".")
        for age, recency in enumerate((0.55, 0.25, 0.13, 0.07)):
            version = f"{major}.{max(0, int(minor) - age)}.{(7 * age + len(product)) % 5}"
            for system, share in _SYSTEMS.items():
                tls = f"t13d{11 + len(library)}{len(product) % 10}_{library}_{system[:3]}"
                agent = f"{product}/{version}"
                builds.append(Build(f"{product} {version} {system}", agent, tls, sessions, conversations))
                weights.append(weight * recency * share)
    return builds, np.array(weights) / sum(weights)


def _settings() -> tuple[list[Setting], FloatArray]:
    """Popular request settings, then rare ones, and how common each is."""
    rng = np.random.default_rng(4117)
    settings = [setting for _, setting in _POPULAR_SETTINGS]
    for _ in range(_RARE_SETTINGS):
        effort = str(rng.choice(["low", "medium", "high"])) if rng.random() < 0.2 else None
        settings.append(
            Setting(
                None if effort else round(float(rng.beta(1.2, 1.4)) * 1.2, 2),
                round(float(rng.uniform(0.6, 1.0)), 2) if rng.random() < 0.4 else None,
                int(rng.integers(2, 160)) * 100 if rng.random() < 0.8 else None,
                int(rng.integers(1, 4)) if rng.random() < 0.2 else None,
                bool(rng.random() < 0.5) if rng.random() < 0.2 else None,
                effort,
            )
        )
    rare = 12.0 / _RARE_SETTINGS
    weights = np.array([weight for weight, _ in _POPULAR_SETTINGS] + [rare] * _RARE_SETTINGS)
    return settings, weights / weights.sum()


@dataclass(slots=True)
class Clients:
    """Builds and settings of a run; tools add builds of their own."""

    builds: list[Build] = field(init=False)
    settings: list[Setting] = field(init=False)
    _build_weights: FloatArray = field(init=False)
    _setting_weights: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        """Fill in the builds and settings that everybody knows."""
        self.builds, self._build_weights = _builds()
        self.settings, self._setting_weights = _settings()

    def popular_builds(self, rng: np.random.Generator, n: int) -> IntArray:
        """Builds of `n` unrelated people."""
        return rng.choice(len(self._build_weights), n, p=self._build_weights)

    def popular_settings(self, rng: np.random.Generator, n: int) -> IntArray:
        """Settings of `n` unrelated people."""
        return rng.choice(len(self._setting_weights), n, p=self._setting_weights)

    def rare_setting(self, rng: np.random.Generator) -> int:
        """A setting that few others use."""
        return int(rng.integers(len(_POPULAR_SETTINGS), len(self.settings)))

    def unlike(self, rng: np.random.Generator, n: int) -> tuple[IntArray, IntArray]:
        """Builds and settings of `n` clients, no two pairs alike while there are enough; each alone is popular."""
        n_builds, n_settings = len(self._build_weights), len(self._setting_weights)
        order = np.concatenate(
            [rng.permutation(n_builds * n_settings) for _ in range(1 + n // (n_builds * n_settings))]
        )
        return order[:n] // n_settings, order[:n] % n_settings

    def own_build(self, rng: np.random.Generator, name: str) -> int:
        """Register the build of a program that is nobody else's; it looks like any other in every field."""
        like = self.builds[int(self.popular_builds(rng, 1)[0])]
        version = f"{rng.integers(0, 5)}.{rng.integers(0, 20)}.{rng.integers(0, 9)}"
        system = like.client_build.rsplit(" ", 1)[1]
        self.builds.append(like._replace(client_build=f"{name} {version} {system}", user_agent=f"{name}/{version}"))
        return len(self.builds) - 1

    @staticmethod
    def models(rng: np.random.Generator, n: int) -> IntArray:
        """Models `n` unrelated people ask for."""
        return rng.choice(len(MODELS), n, p=[model.weight for model in MODELS])
