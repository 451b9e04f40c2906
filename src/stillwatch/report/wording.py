"""Every code that a scan can give, in plain words. Nothing else in the package words a finding.

House rules: streams are accused, never accounts or people; say *evidence* and *looks like*; nationality is never
mentioned; numbers come with what they are held against. What stands beside a number that may speak either way is a
question, never a claim.
"""

from collections.abc import Mapping
from typing import NamedTuple

from stillwatch.model.campaign import Verdict

__all__ = [
    "ATTRIBUTES",
    "CAPABILITIES",
    "CHANNELS",
    "KINDS",
    "NOT_JUDGED",
    "REASONS",
    "STAGES",
    "TESTS",
    "VERDICTS",
    "VIEWS",
    "QuestionWords",
    "ReasonWords",
    "VerdictWords",
    "Words",
    "plain",
]


class VerdictWords(NamedTuple):
    """A verdict in words.

    label       One word for tables and badges.
    headline    Completes "This campaign ...".
    meaning     What the word claims, and what it does not.
    changes     What would change it.
    """

    label: str
    headline: str
    meaning: str
    changes: tuple[str, ...]


class QuestionWords(NamedTuple):
    """A structure test in words: its question, and what a low and a high effect look like."""

    name: str
    question: str
    low: str
    high: str


class ReasonWords(NamedTuple):
    """A reason in words, with ``{value}`` and ``{bar}``.

    reached     When the value is at the bar or over it.
    missed      When it is under the bar, or unknown.
    unit        How both are written: bits, count, share or effect.
    """

    reached: str
    missed: str
    unit: str


class Words(NamedTuple):
    """A code in words: a short name and one sentence."""

    name: str
    meaning: str


VERDICTS: Mapping[Verdict, VerdictWords] = {
    Verdict.HARVEST: VerdictWords(
        "harvest",
        "looks like harvesting: collecting answers to train on",
        "The streams look like the work of one hand that collects training data, more than like any legitimate use the "
        "reference knows. It is evidence about these exchanges, not about everything these accounts do.",
        (
            "A verified declaration that one owner runs these accounts turns it into “related”.",
            "A verified declaration of permitted distillation or evaluation explains it.",
            "Recurring legitimate traffic of this kind, once in your own reference, lowers the score.",
        ),
    ),
    Verdict.RELAY: VerdictWords(
        "relay",
        "looks like an undeclared relay: many people behind accounts that one hand runs",
        "The accounts are handled together, but what flows through them wanders and pauses as people do. The people "
        "behind a relay are not accused; each use inside it is judged by itself.",
        (
            "A verified resale agreement turns it into “related”.",
            "A stream shuffled like a list, instead of wandering from topic to topic, would look like harvest.",
        ),
    ),
    Verdict.RELATED: VerdictWords(
        "related",
        "looks like one owner's own fleet",
        "The accounts act together, and a relation that you verified explains it. Nothing here asks for action.",
        ("If the declared relation turned out to be unverified or wrong, it would be judged as if it were not there.",),
    ),
    Verdict.EVALUATION: VerdictWords(
        "evaluation",
        "looks like an evaluation: the same items, in equal numbers, from every account",
        "Benchmark runs look coordinated without collecting anything new: the accounts send the same list of items.",
        (
            "If the accounts divided the list instead of repeating it, it would look like harvest.",
            "If requests for reasoning or training formats rose well above the reference, it would be looked at again.",
        ),
    ),
    Verdict.TOOL: VerdictWords(
        "tool",
        "looks like a popular tool: unrelated people with one template",
        "Many people use the same program or prompt. They keep hours, topics and sessions of their own.",
        ("Without hours and topics of their own, or with shared payments or networks, they would look coordinated.",),
    ),
    Verdict.UNCLEAR: VerdictWords(
        "unclear",
        "could be harvesting or something harmless: an analyst should look",
        "There is evidence, but not enough to name it. It must not be acted on by machine.",
        ("More days of traffic, or more accounts, settle most of these.",),
    ),
}

VIEWS: Mapping[str, Words] = {
    "template": Words("shared template", "The prompts share stretches of text that recur with one steady count."),
    "client": Words(
        "same client", "The exchanges come from one client build with the same parameters and system prompt."
    ),
    "rhythm": Words("same client and rhythm", "The accounts share a client and the rhythm at which they ask."),
    "linked": Words("linked core", "These accounts meet in more than one family, by template and by client."),
    "infrastructure": Words("shared infrastructure", "The accounts are tied by rare attributes that they share."),
    "profile": Words("one list of questions", "The accounts ask about one mix of subjects, like shares of a list."),
    "kin": Words("templates of the same accounts", "The prompts carry pieces of text that the same accounts send."),
    "pool": Words("known question pool", "The prompts come from a list of questions that was seen before."),
}

CHANNELS: Mapping[str, Words] = {
    "dispatch": Words("taking turns", "Is work dealt out to the accounts in turn, as a scheduler does?"),
    "infrastructure": Words("shared ties", "Do they share payments, networks or e-mail domains beyond chance?"),
    "both": Words("both together", "Both kinds of evidence, weighed as one."),
    "lifecycle": Words("starting and stopping together", "Do they begin, end and move to new models together?"),
}

TESTS: Mapping[str, QuestionWords] = {
    "ti": QuestionWords(
        "own topics",
        "Does each account have topics of its own?",
        "no: every account asks about everything",
        "yes: each account keeps to its topics",
    ),
    "own": QuestionWords(
        "own questions",
        "Is the question most like one of an account's its own?",
        "no: it is anybody's, as when a list is dealt out",
        "yes: each account comes back to its own questions",
    ),
    "hi": QuestionWords(
        "own hours",
        "Does each account have hours of its own?",
        "no: all accounts keep the same hours",
        "yes: each account keeps its own hours",
    ),
    "se": QuestionWords(
        "own sessions",
        "Does each account work in sessions of its own?",
        "no: its exchanges are spread as if dealt out",
        "yes: its exchanges come in sittings",
    ),
    "cd": QuestionWords(
        "uneven load",
        "Do some accounts do far more than others?",
        "no: the load is evened out",
        "yes: a few heavy users and many light ones",
    ),
    "loc": QuestionWords(
        "wandering",
        "Does the stream as a whole wander from topic to topic as people do?",
        "no: it is shuffled",
        "yes: one subject leads to the next",
    ),
    "dr": QuestionWords(
        "drift",
        "Does the stream move slowly through its subjects, as a sorted list does?",
        "no: there is no order",
        "yes: like a list worked through in order",
    ),
    "rep": QuestionWords(
        "repeats",
        "Do the same questions come back?",
        "no: each is asked once, like a list ticked off",
        "yes: questions are asked again",
    ),
    "item": QuestionWords(
        "common items",
        "Do all accounts ask the same things, however they word them?",
        "no: what one asks, others do not",
        "yes: like a benchmark that all of them run, or a class",
    ),
    "talk": QuestionWords(
        "talk",
        "Do conversations go on after the first question?",
        "no: each question is done with its answer",
        "yes: one question leads to more",
    ),
    "elic": QuestionWords(
        "training formats",
        "Do the prompts ask for reasoning, grading, rewriting or training formats?",
        "no: they ask for answers",
        "yes: they ask for what a model is trained on",
    ),
    "pay": QuestionWords(
        "shared payment",
        "Do few means of payment stand behind many accounts of unlike owners?",
        "no: everybody pays alone",
        "yes: beyond chance",
    ),
    "bits": QuestionWords(
        "coordination",
        "Are the accounts one hand, by the turns they take and the ties other than payment?",
        "no: like unrelated people",
        "yes: beyond chance",
    ),
}

ATTRIBUTES: Mapping[str, str] = {
    "payment": "means of payment",
    "prefix": "network prefix",
    "asn": "autonomous system",
    "tls": "TLS fingerprint",
    "email_domain": "e-mail domain",
    "signup": "sign-up hour",
}

CAPABILITIES: Mapping[str, str] = {
    "reasoning": "step-by-step reasoning",
    "grading": "grading against rubrics",
    "rewriting": "rewriting around refusals",
    "training": "material for training",
    "format": "fixed output fields",
    "tools": "use of tools",
    "plain": "plain questions",
}

REASONS: Mapping[str, ReasonWords] = {
    "score": ReasonWords(
        "The score is {value} bits, over the bar of {bar}: legitimate use in the reference hardly explains it.",
        "The score is {value} bits, under the bar of {bar}: legitimate use may well explain it.",
        "bits",
    ),
    "near-bar": ReasonWords(
        "The score is {value} bits, over the bar of {bar}.",
        "The score is {value} bits, close under the bar of {bar}.",
        "bits",
    ),
    "coordination": ReasonWords(
        "The accounts look run by one hand: {value} bits of coordination, where {bar} count as coordinated.",
        "The accounts are not shown to be run by one hand: {value} bits of coordination, where {bar} would.",
        "bits",
    ),
    "unrelated-people": ReasonWords(
        "The accounts look run by one hand: {value} bits of coordination, where {bar} count as coordinated.",
        "The accounts act like unrelated people: {value} bits of coordination, where {bar} would say otherwise.",
        "bits",
    ),
    "accounts": ReasonWords(
        "The strongest family has {value} accounts; at least {bar} are needed to name a harvest.",
        "The strongest family has {value} accounts only; {bar} are needed to name a harvest.",
        "count",
    ),
    "small": ReasonWords(
        "The strongest family has {value} accounts; at least {bar} are needed to name a harvest.",
        "It is small: {value} accounts in the strongest family, where {bar} are needed to name a harvest.",
        "count",
    ),
    "ring": ReasonWords(
        "It is a ring of fewer than 20 accounts with {value} bits, where {bar} are needed to name so few.",
        "It is a ring of fewer than 20 accounts with {value} bits only; {bar} are needed to name so few.",
        "bits",
    ),
    "rings-together": ReasonWords(
        "Several small families over the bar are tied together and have {value} accounts; {bar} are needed.",
        "Several small families are tied together and have {value} accounts only; {bar} are needed.",
        "count",
    ),
    "exchanges": ReasonWords(
        "The strongest family has {value} exchanges; at least {bar} are needed to name a harvest.",
        "The strongest family has {value} exchanges only; {bar} are needed to name a harvest.",
        "count",
    ),
    "wandering": ReasonWords(
        "One subject leads to the next, as with people: an effect of {value}, where a shuffled list stays under {bar}.",
        "The stream is shuffled: an effect of {value}, where people give {bar} or more.",
        "effect",
    ),
    "item-list": ReasonWords(
        "The accounts ask the same things, however worded: an effect of {value}, where a list dealt out gives 0 "
        "(at least {bar} is a common list).",
        "The accounts ask different things: an effect of {value}, where a common list gives {bar} or more.",
        "effect",
    ),
    "verified-owners": ReasonWords(
        "{value} of the accounts belong to fleets of owners that you verified; {bar} are enough to explain this.",
        "Only {value} of the accounts belong to fleets of verified owners; {bar} are needed to explain this.",
        "share",
    ),
    "one-unverified-owner": ReasonWords(
        "{value} of the accounts name one owner that nobody verified; from {bar} on that is what makes them alike.",
        "{value} of the accounts name one owner that nobody verified; {bar} would be needed to explain this.",
        "share",
    ),
    "declared-and-verified": ReasonWords(
        "{value} of the accounts have a verified declaration of this use; {bar} are enough to explain it.",
        "Only {value} of the accounts have a verified declaration of this use; {bar} are needed to explain it.",
        "share",
    ),
}

NOT_JUDGED: Mapping[str, Words] = {
    "no-text": Words(
        "prompt text", "The logs hold no prompt text: templates, topics and requests could not be judged."
    ),
    "no-clients": Words("clients", "The logs name no client builds: the client views could not be used."),
    "no-addresses": Words("addresses", "The logs hold no client addresses: shared networks could not be judged."),
    "no-networks": Words("networks", "The logs hold no autonomous system numbers: shared ones could not be judged."),
    "no-conversations": Words(
        "conversations", "No exchange says that it continues a conversation: each was taken as the start of one."
    ),
    "no-system": Words("system prompts", "The logs hold no system prompts: clients could not be told apart by theirs."),
    "no-payments": Words("payments", "No payments are known: give an account table (--accounts) to judge shared ones."),
    "no-email-domains": Words("e-mail domains", "No e-mail domains are known: shared ones could not be judged."),
}

KINDS: Mapping[str, str] = {
    "people": "people at their own work",
    "api-customers": "heavy API customers",
    "tools": "users of a public tool",
    "enterprise": "an enterprise batch job",
    "benchmarks": "benchmark runs",
    "classrooms": "a classroom",
    "offices": "an office behind one address",
    "relays": "a relay app with real people behind it",
    "viral": "a viral prompt",
    "agents": "users of an agent with a long shared prompt",
    "judges": "a judging or labelling fleet",
    "translation": "a translation service",
    "distillation": "a permitted distillation customer",
    "mixed": "a mix of unrelated customers",
    "own-organisation": "an organisation of your own verified customers",
    "own-customers": "your own verified customers",
}


STAGES: Mapping[str, str] = {
    "draft": "planning the traffic",
    "records": "reading the suspect",
    "keys": "testing every account",
    "exam": "asking the suspect",
    "questions": "asking the suspect",
    "write": "writing the logs",
    "read": "reading the logs",
    "recall": "reading what earlier scans left",
    "distinct prompts": "finding distinct prompts",
    "count phrases": "counting phrases",
    "cut segments": "finding text that recurs",
    "cluster templates": "grouping templates",
    "pools": "looking for known questions",
    "accounts": "learning about accounts",
    "ties": "finding accounts that are tied",
    "streams": "counting streams",
    "group families": "grouping into families",
    "measure families": "testing families",
    "score families": "scoring families",
    "read texts": "reading the texts",
    "mark other texts": "dealing the texts at random",
    "score windows": "scoring windows",
    "choose families": "choosing legitimate families",
    "backgrounds": "counting what is common",
    "attribute accounts": "attributing streams",
    "judge campaigns": "judging campaigns",
    "judge residues": "judging what else the accounts send",
    "name campaigns": "gathering evidence",
    "remember": "leaving a state for the next scan",
    "index": "leaving what a member's node searches",
    "index streams": "leaving what the gateway looks up",
    "preview": "asking the policy",
}
"""Stages of a simulation and a scan, as the progress line says them."""


def plain(code: str) -> str:
    """Code without words of its own, made readable; what a newer plugin gives is shown rather than lost.

    >>> plain("night_shift-ratio")
    'night shift ratio'
    """
    return code.replace("-", " ").replace("_", " ")
