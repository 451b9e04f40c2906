"""How operators, firms and teachers put prompts together: parts with alternatives, shared in part, in some order."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from stillwatch.bench.third_hand.library import numbers, section
from stillwatch.bench.third_hand.spinning import Choice, Field, Keys, Pattern, decide, draw_keys, parse, render, spun

__all__ = ["BARE", "WORKS", "Template", "agent_system", "compose", "lines", "prompts", "templates"]

WORKS: Final = ("cot", "answer", "grade", "rewrite", "code", "translate")
BARE: Final[Pattern] = (Field("q"),)
_TOKENS: Final = {"cot": 700, "answer": 350, "grade": 420, "rewrite": 380, "code": 800, "translate": 520, "agent": 260}


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt to fill with a question {q} and perhaps a pasted answer {r}."""

    prompt: Pattern
    system: Pattern | None = None
    answer_tokens: float = 380.0


def _numbered(pattern: Pattern, rng: np.random.Generator, share: float) -> Pattern:
    """Write most numbers down once; the others count on from prompt to prompt."""
    nodes: list[str | Field | Choice] = []
    for node in pattern:
        if isinstance(node, Choice):
            nodes.append(Choice(tuple(_numbered(o, rng, share) for o in node.options)))
        elif isinstance(node, Field) and node.name == "n" and rng.random() < share:
            nodes.append(str(rng.integers(3, 60)))
        else:
            nodes.append(node)
    return tuple(nodes)


def lines(
    rng: np.random.Generator, name: str, language: str = "en", *, most: int = 1, kept: float = 0.0
) -> list[Pattern]:
    """Some lines of a section, decided; a line whose choices are kept may be any of its section."""
    every = section(name, language)
    count = min(len(every), int(rng.integers(1, most + 1)))
    chosen = [every[i] for i in rng.choice(len(every), count, replace=False)]
    if rng.random() < kept:
        chosen = [(Choice(every),) for _ in chosen]
    return [_numbered(decide(p, rng, kept), rng, 0.85) for p in chosen]


def _joined(parts: list[Pattern], glue: str) -> Pattern:
    nodes: list[str | Field | Choice] = []
    for part in parts:
        nodes.extend([*([glue] if nodes else []), *part])
    return tuple(nodes)


def compose(rng: np.random.Generator, work: str, language: str, kept: float, shared: dict[str, Pattern]) -> Template:
    """One template.

    kept    Share of its wording that is decided for each prompt anew; 0 writes one constant text around the field.
    shared  Parts that templates of one author have in common; added to.
    """

    def part(name: str, chance: float, most: int = 1) -> list[Pattern]:
        if rng.random() > chance:
            return []
        key = f"{name} {language}"
        if key in shared and rng.random() < 0.55:
            return [shared[key]]
        made = lines(rng, name, language, most=most, kept=kept)
        shared.setdefault(key, made[0])
        return made

    glue = str(rng.choice(["\n\n", "\n", " "]))
    opening, task = part("open", 0.7), lines(rng, work, language, most=3, kept=kept)
    ending = [*part("format", 0.5), *part("close", 0.45)]
    header = part("header", 0.7)
    field: Pattern = (*_joined(header, ""), *([str(rng.choice([" ", "\n"]))] if header else []), Field("q"))
    if work == "grade":
        label = parse(rng.choice(["Answer", "Candidate answer", "Submission", "### Response", "Student"]) + ":")
        field = (*field, glue, *label, " ", Field("r"))
    shots = lines(rng, "shot", most=2, kept=kept) if rng.random() < 0.2 and language == "en" else []
    apart = bool(opening) and rng.random() < 0.35
    head = [] if apart else opening
    orders = [
        [*head, *task, *shots, field, *ending],
        [*head, field, *task, *ending],
        [*task, *head, *ending, *shots, field],
    ]
    ways = [_joined(order, glue) for order in orders]
    prompt = (Choice(tuple(ways)),) if rng.random() < kept else ways[rng.integers(len(ways))]
    return Template(prompt, _joined(opening, glue) if apart else None, float(_TOKENS[work]))


def agent_system(rng: np.random.Generator, kept: float = 0.0) -> Pattern:
    """A long prompt with rules and a list of tools."""
    rules = lines(rng, "agentrule", most=8, kept=0.0) + lines(rng, "agentrule", most=3, kept=kept)
    tools = section("tool")
    chosen = [tools[i] for i in rng.choice(len(tools), rng.integers(5, 12), replace=False)]
    bullet = str(rng.choice(["- ", "* ", ""]))
    listed = [(bullet, *t) for t in chosen]
    return _joined([*rules, ("Tools:",), *listed], str(rng.choice(["\n", "\n\n"])))


def templates(
    rng: np.random.Generator, works: tuple[str, ...], languages: tuple[str, ...], count: int, kept: float
) -> tuple[Template, ...]:
    """Templates of one author: some parts in common, each for some work in some language."""
    shared: dict[str, Pattern] = {}
    made = []
    for i in range(count):
        work = works[i % len(works)] if i < len(works) else str(rng.choice(works))
        language = languages[i % len(languages)]
        if work == "agent":
            prompt = BARE if rng.random() < 0.5 else compose(rng, "answer", language, kept, shared).prompt
            made.append(Template(prompt, agent_system(rng, kept), float(_TOKENS["agent"])))
        else:
            made.append(compose(rng, work, language, kept, shared))
    return tuple(made)


def prompts(
    template: Template, question: pa.Array, keys: Keys, answer: pa.Array | None = None
) -> tuple[pa.Array, pa.Array]:
    """Prompt and system text for each question.

    answer  What is pasted beside each question; None makes something up.
    """
    fields = {"q": question, "n": numbers(keys, 29, 1, 5000), "r": question}
    fields["r"] = spun(section("pasted"), draw_keys(keys, 31), fields) if answer is None else answer
    system = pa.nulls(len(keys), pa.string())
    if template.system is not None:
        system = render(template.system, keys, fields, 43)
    return render(template.prompt, keys, fields, 47), system
