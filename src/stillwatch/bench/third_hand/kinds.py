"""Customers who are easily mistaken for operators, one row each; what a row leaves open every unit draws for itself."""

from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be drawn for one class, firm, tool or team.

    accounts, each  Accounts of a unit, and exchanges of an account.
    says            What people write: own, template (the unit's), edited (each person's version of it), spoken.
    about           Section of wording for the template, the system prompt or the habit of speech.
    works           Work of templates composed as operators compose theirs, instead of `about`.
    system          Section of the unit's system prompt; agent composes rules and tools.
    crowd           People behind each account; 0 where the account is the person.
    listed          Role of a shared list that is worked through, instead of people's own questions.
    span            Days the unit is active; 0 for the whole window.
    use             Declared uses to draw from.
    """

    name: str
    accounts: tuple[int, int]
    each: tuple[int, int]
    says: str = "own"
    about: str = ""
    works: tuple[str, ...] = ()
    count: tuple[int, int] = (1, 2)
    kept: tuple[float, float] = (0.0, 0.0)
    system: str = ""
    crowd: int = 0
    listed: str = ""
    roles: tuple[str, ...] = ("chat",)
    fields: tuple[int, ...] | None = None
    rhythm: tuple[str, ...] = ("human",)
    span: tuple[float, float] = (0.0, 0.0)
    network: tuple[str, ...] = ("each",)
    program: tuple[str, ...] = ("each",)
    knobs: tuple[str, ...] = ("mimic",)
    cards: tuple[str, ...] = ("own",)
    opened: tuple[str, ...] = ("aged", "long-ago")
    organisation: float = 0.0
    programme: tuple[str | None, ...] = (None,)
    use: tuple[str | None, ...] = (None,)
    verified: tuple[int, ...] = (0, 0, 1, 1, 2)
    replies: float = 0.3


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "judge-fleet",
        (4, 40),
        (30, 120),
        says="template",
        works=("grade",),
        count=(1, 4),
        kept=(0.0, 0.25),
        rhythm=("office", "continuous", "bursts"),
        network=("each", "hosted"),
        program=("one", "few", "each"),
        knobs=("fixed", "mimic"),
        cards=("own", "shared"),
        organisation=0.5,
        use=(None, "evaluation"),
        replies=0.0,
    ),
    Kind(
        "labelling-contractors",
        (8, 40),
        (20, 80),
        says="edited",
        about="label",
        kept=(0.1, 0.6),
        roles=("enterprise", "chat"),
        rhythm=("office",),
        program=("few", "each"),
        opened=("trickle", "aged"),
        replies=0.0,
    ),
    Kind(
        "classroom",
        (30, 150),
        (3, 12),
        says="edited",
        about="essay",
        count=(3, 7),
        kept=(0.2, 0.7),
        rhythm=("deadline",),
        span=(2, 7),
        network=("one",),
        opened=("batches",),
        programme=("education", None),
    ),
    Kind(
        "batch-enterprise",
        (1, 40),
        (60, 300),
        says="template",
        about="shop",
        listed="enterprise",
        rhythm=("nightly",),
        network=("hosted",),
        program=("one",),
        knobs=("fixed",),
        cards=("company",),
        opened=("long-ago",),
        organisation=1.0,
        verified=(1, 2),
        use=(None, "fleet"),
        replies=0.0,
    ),
    Kind(
        "benchmark-run",
        (1, 5),
        (100, 500),
        says="template",
        works=("cot", "answer"),
        listed="evaluation",
        rhythm=("bursts", "throttled"),
        span=(0.5, 3),
        network=("hosted",),
        program=("one",),
        knobs=("fixed",),
        programme=("research", None),
        use=(None, "evaluation"),
        organisation=0.5,
        replies=0.0,
    ),
    Kind("popular-tool", (120, 600), (2, 10), system="toolprompt", program=("one", "few"), opened=("trickle", "aged")),
    Kind("viral-prompt", (60, 400), (1, 4), says="edited", about="viral", kept=(0.2, 0.6), span=(3, 12), replies=0.5),
    Kind(
        "reseller",
        (20, 150),
        (20, 80),
        crowd=8,
        network=("hosted", "few"),
        program=("one", "few", "each"),
        cards=("shared", "virtual", "company"),
        opened=("batches", "trickle"),
        use=(None, "resale"),
        organisation=0.5,
    ),
    Kind(
        "agent-framework", (60, 300), (5, 40), system="agent", program=("few",), roles=("agent",), fields=(1, 1, 1, 6)
    ),
    Kind(
        "translation-service",
        (1, 12),
        (60, 300),
        says="template",
        about="service",
        count=(1, 5),
        crowd=20,
        rhythm=("office", "human"),
        network=("hosted",),
        program=("one",),
        knobs=("fixed",),
        cards=("company",),
        organisation=1.0,
        verified=(1, 2),
        replies=0.0,
    ),
    Kind(
        "tutoring-app",
        (30, 150),
        (6, 25),
        says="spoken",
        about="pupil",
        system="tutor",
        crowd=3,
        fields=(0, 0, 2, 5, 8),
        roles=("evaluation", "chat"),
        rhythm=("evening",),
        program=("one", "few"),
        programme=("education", None),
    ),
    Kind(
        "prompt-engineering-course",
        (40, 200),
        (5, 25),
        says="edited",
        works=("cot", "answer", "rewrite"),
        count=(4, 9),
        kept=(0.0, 0.4),
        rhythm=("evening", "human"),
        opened=("trickle", "aged"),
        replies=0.1,
    ),
    Kind(
        "synthetic-data-customer",
        (3, 40),
        (40, 250),
        says="template",
        works=("cot", "answer", "rewrite", "code", "grade"),
        count=(1, 8),
        kept=(0.0, 0.4),
        listed="harvest",
        rhythm=("continuous", "nightly", "throttled"),
        network=("hosted",),
        program=("one", "few"),
        knobs=("fixed", "jitter"),
        cards=("company",),
        organisation=1.0,
        use=("distillation",),
        verified=(2,),
        replies=0.0,
    ),
    Kind(
        "hackathon",
        (180, 220),
        (3, 15),
        system="project",
        fields=(1, 1, 2, 6),
        rhythm=("evening",),
        span=(2, 2.5),
        network=("few", "one", "each"),
        program=("one",),
        cards=("company",),
        opened=("one-day",),
        programme=("startup", None),
    ),
    Kind(
        "office-nat", (20, 120), (5, 30), rhythm=("office",), network=("one",), organisation=0.6, opened=("long-ago",)
    ),
    Kind(
        "support-bot",
        (1, 5),
        (120, 500),
        system="support",
        crowd=40,
        roles=("enterprise",),
        fields=(3, 4, 6, 6, 8, 9),
        network=("hosted",),
        program=("one",),
        knobs=("fixed",),
        cards=("company",),
        opened=("long-ago",),
        organisation=1.0,
        verified=(1, 2),
    ),
)
