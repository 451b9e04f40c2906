"""Customers who are easily mistaken for operators, one row each; what a row leaves open every unit draws for itself."""

from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be drawn for one class, firm, tool or team.

    accounts, each  Accounts of a unit, and exchanges of an account.
    says            What people write: own, template (the unit's), edited (each person's version of it), spoken,
                    retold (what all were given, in each person's words), voiced (in each account's wrapper).
    about           Section of wording for the template, the system prompt or the habit of speech.
    works           Work of templates composed as operators compose theirs, instead of `about`.
    system          Section of the unit's system prompt; agent composes rules and tools.
    app             Section of the system prompt where all use one client.
    crowd           People behind each account; 0 where the account is the person.
    varies          Least and most of a crowd, in shares of it.
    router          How requests of a crowd come to accounts; () ties each person to one.
    fronts          Shops in front of the accounts, each with its own program; (0, 0) where there is no shop.
    named           Chance that end users are told apart for the provider.
    listed          Role of a shared list that is worked through, instead of people's own questions.
    asks            What everybody is given to ask: course, benchmark, goals, answers; "" for nothing.
    given, part     Questions given, and the share of them that one account takes up.
    samples, again  How often an account asks each, at most, and the share that is asked once more in other words; who
                    judges twice does so in the other order.
    turns           Mean turns of what is given.
    order           given or shuffled.
    panel           Judges who see the same answer.
    rhythm          As `clock.people` and `clock.job` take it, or `timetable.taken_up` where something is given.
    private         Share of a firm's or school's accounts that have a mail address elsewhere.
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
    app: str = ""
    crowd: int = 0
    varies: tuple[float, float] = (0.6, 1.6)
    router: tuple[str, ...] = ()
    fronts: tuple[int, int] = (0, 0)
    named: float = 0.6
    listed: str = ""
    asks: str = ""
    given: tuple[int, int] = (0, 0)
    part: tuple[float, float] = (1.0, 1.0)
    samples: int = 1
    again: tuple[float, float] = (0.0, 0.0)
    turns: tuple[float, float] = (1.0, 1.0)
    order: tuple[str, ...] = ("given",)
    panel: tuple[int, ...] = ()
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
    private: tuple[float, float] = (0.05, 0.05)
    programme: tuple[str | None, ...] = (None,)
    use: tuple[str | None, ...] = (None,)
    verified: tuple[int, ...] = (0, 0, 1, 1, 2)
    replies: float = 0.3


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "judge-fleet",
        (4, 120),
        (30, 120),
        says="voiced",
        works=("grade",),
        kept=(0.0, 0.25),
        asks="answers",
        samples=2,
        panel=(1, 3, 4, 5),
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
        router=("conversation",),
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
    Kind(
        "exercise-class",
        (30, 400),
        (4, 60),
        says="retold",
        about="stuck",
        app="tutor",
        asks="course",
        given=(8, 60),
        part=(0.3, 1.0),
        again=(0.0, 0.25),
        turns=(1.0, 1.8),
        rhythm=("homework", "labs", "mixed"),
        span=(7, 42),
        network=("campus", "campus", "one", "each"),
        program=("one", "each", "each"),
        cards=("own", "unknown"),
        opened=("batches", "one-day", "aged"),
        organisation=0.25,
        private=(0.02, 1.0),
        programme=("education", None),
        replies=0.75,
    ),
    Kind(
        "evaluation-team",
        (10, 80),
        (30, 900),
        says="voiced",
        works=("cot", "answer", "code"),
        kept=(0.0, 0.1),
        asks="benchmark",
        given=(60, 900),
        part=(0.2, 1.0),
        samples=5,
        order=("given", "shuffled"),
        rhythm=("release", "spread", "ci"),
        span=(0.5, 14),
        network=("hosted", "one", "servers", "each"),
        program=("one", "few", "each"),
        knobs=("fixed", "mimic"),
        cards=("company", "own", "shared"),
        opened=("aged", "trickle", "long-ago"),
        organisation=0.4,
        programme=("research", None, None),
        use=(None, None, None, "evaluation"),
        replies=0.0,
    ),
    Kind(
        "study-crowd",
        (40, 300),
        (4, 40),
        says="retold",
        asks="goals",
        given=(5, 40),
        part=(0.4, 1.0),
        again=(0.0, 0.15),
        turns=(1.0, 1.6),
        order=("given", "shuffled"),
        rhythm=("sitting", "sitting", "diary"),
        span=(1, 10),
        program=("each", "each", "one"),
        opened=("aged", "trickle", "one-day"),
        replies=0.6,
    ),
    Kind(
        "undeclared-relay",
        (15, 200),
        (30, 400),
        crowd=20,
        varies=(0.25, 3.0),
        router=("request", "conversation", "customer", "least-loaded", "round-robin"),
        fronts=(1, 4),
        named=0.0,
        network=("hosted", "few", "servers"),
        program=("front", "through"),
        cards=("gift", "unknown", "virtual"),
        opened=("batches", "restocked", "restocked"),
        verified=(0, 0, 1),
        replies=0.4,
    ),
)
