"""Attempts to get prompts back out of what stillwatch computes from them: fingerprints, phrase counts, hashes.

Usage: ``python -m benchmarks.reversal [--prompts N] [--words N] [--page] [--json work/reversal.json] [--only-tables]``

Prompts are the distinct ones of ``STILLWATCH_CORPORA`` (prompts.parquet) or, without it, of simulated traffic. Nine in
ten were sent; the rest were not, and are what the attacker knows of the language. Every attack is told as it comes out.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from benchmarks.growth import markdown
from benchmarks.pages import into_page
from benchmarks.reversal_attacks import (
    Kept,
    anonymity,
    dictionary,
    membership,
    names_with_salt,
    networks,
    reconstruction,
    short_prompts,
)


def prompts_of(most: int) -> list[str]:
    """Distinct prompts in random order, the same ones every time."""
    folder = os.environ.get("STILLWATCH_CORPORA")
    if folder:
        texts = pq.read_table(Path(folder) / "prompts.parquet", columns=["text"])["text"].to_pylist()
    else:
        from stillwatch.simulate import simulate  # noqa: PLC0415 - only without corpora

        with tempfile.TemporaryDirectory() as made:
            place = Path(made) / "traffic"
            simulate(place, exchanges=min(most * 2, 200_000), seed=7)
            texts = pq.read_table(place / "logs", columns=["prompt_text"])["prompt_text"].to_pylist()
    distinct = sorted({text for text in texts if text and text.strip()})
    order = np.random.default_rng(3).permutation(len(distinct))[:most]
    return [distinct[i] for i in order]


def attacked(prompts: Sequence[str], n_words: int) -> dict[str, Any]:
    """All attacks, one after the other."""
    kept = Kept.of(prompts)
    attacks: dict[str, Callable[[], Any]] = {
        "dictionary": lambda: dictionary(kept),
        "networks": networks,
        "names": names_with_salt,
        "short": lambda: short_prompts(kept),
        "reconstruction": lambda: reconstruction(kept, n_words),
        "membership": lambda: membership(kept),
        "anonymity": lambda: anonymity(kept),
    }
    found: dict[str, Any] = {"n_sent": len(kept.sent), "n_held_out": len(kept.held_out)}
    found["is_real"] = bool(os.environ.get("STILLWATCH_CORPORA"))
    for name, attack in attacks.items():
        start_s = time.perf_counter()
        found[name] = attack()
        print(f"{name}: {time.perf_counter() - start_s:.1f} s", file=sys.stderr, flush=True)
    return found


def attacks_table(found: Mapping[str, Any]) -> str:
    """What each attack needs and gets."""
    rows = [*_dictionary_rows(found["dictionary"]), *_blind_rows(found["short"], found["reconstruction"])]
    tried, names = found["networks"], found["names"]
    rows += [
        (
            "`prefix`",
            "nothing: all 16.8 million /24 are tried",
            f"{tried['networks_recovered']:.1%} recovered in {tried['networks_s']:.1f} s",
        ),
        (
            "names of e-mail addresses",
            "a list of names, and the salt",
            f"{names['names_with_salt']:.1%} recognised, {names['us_a_name']:.1f} us a guess",
        ),
        ("the same", "a list of names, without the salt", f"{names['names_without_salt']:.1%} recognised"),
    ]
    return markdown(("attacked", "with", "outcome"), rows)


def _dictionary_rows(d: Mapping[str, float]) -> list[tuple[str, str, str]]:
    keyed = "keyed with the salt" if d["content_keyed"] else "not keyed"
    known = f"{d['recognised_by_content']:.1%} recognised, {d['ns_a_guess']:.0f} ns a guess"
    return [
        (f"`content`, {keyed}", "a list that holds the prompt", f"{known}; {d['decoys_by_content']:.2%} of decoys"),
        (
            "`content`",
            "the prompt in another case, with a mark behind it",
            f"{d['other_case_by_content']:.1%} recognised",
        ),
        (
            "`fill` and `n_tokens`",
            "the same, and the phrase counts",
            f"{d['other_case_by_fill']:.1%} recognised; {d['decoys_by_fill']:.2%} of decoys",
        ),
        (
            "`topic`, `n_tokens`, `script`",
            "a list that holds the prompt, and the phrase counts",
            f"{d['by_topic_and_length']:.1%} fit one candidate alone",
        ),
    ]


def _blind_rows(s: Mapping[str, float], r: Mapping[str, float]) -> list[tuple[str, str, str]]:
    solved = f"{s['short_solved']:.0%} solved for certain, {s['s_a_short']:.1f} s each"
    tried = f"{s['n_short_tried']:.0f} of {s['n_short_in_list']:,.0f}"
    template = f"{r['template_tokens']:.1%} of the tokens behind them, {r['templates_whole']:.0%} whole"
    alone = f"{r['rare_tokens_without_counter']:.1%} from the language alone"
    whole = f"{r['rare_whole_and_proved']:.0%} whole and proved by `fill`"
    return [
        ("`fill`", "2,000 words; prompts of 2 to 4 of them", f"{solved} ({tried} such prompts tried)"),
        (
            "phrase counts",
            f"{r['n_words']:,.0f} words, public text; the first four of a template",
            f"{template} ({r['n_templates']:.0f} templates)",
        ),
        (
            "phrase counts, `n_tokens`, `fill`",
            f"{r['n_words']:,.0f} words, public text; the first three of a prompt sent once",
            f"{r['rare_tokens']:.1%} of the tokens behind them ({alone}); {whole} ({r['n_rare']:.0f} prompts)",
        ),
    ]


def membership_table(found: Mapping[str, Any]) -> str:
    """How often the counter says of what was not sent that it was."""
    rows = [
        (
            f"{row['bytes_a_prompt']:,.0f}",
            f"{row['phrase_said_sent']:.2%}",
            f"{row['phrase_missed']:.2%}",
            f"{row['prompt_said_sent']:.2%}",
        )
        for row in found["membership"]
    ]
    heads = (
        "counter, B a prompt",
        "phrases not sent, said sent",
        "phrases sent, missed",
        "prompts not sent, said sent",
    )
    return markdown(heads, rows)


def anonymity_table(found: Mapping[str, Any]) -> str:
    """How many prompts share what is kept of them."""
    rows = [
        (
            f"`{row['columns']}`",
            f"{row['alone']:.1%}",
            f"{row['mean_set']:,.1f}",
            f"{row['largest_set']:,}",
            f"{row['entropy_bits']:.1f}",
            "no two met" if np.isinf(row["collision_bits"]) else f"{row['collision_bits']:.1f}",
        )
        for row in found["anonymity"]
    ]
    heads = ("columns", "prompts alone", "mean set", "largest set", "entropy, bits", "collision entropy, bits")
    return markdown(heads, rows)


def sections(found: Mapping[str, Any]) -> str:
    """Everything as Markdown."""
    kind = "real" if found["is_real"] else "simulated"
    lead = (
        f"{found['n_sent']:,} distinct {kind} prompts were sent, {found['n_held_out']:,} were not and are the"
        f" attacker's text. Entropy of that many prompts is at most {np.log2(found['n_sent']):.1f} bits."
    )
    return "\n\n".join((lead, attacks_table(found), membership_table(found), anonymity_table(found)))


def main(arguments: Sequence[str]) -> int:
    """Attack, print, and write."""
    parser = argparse.ArgumentParser(prog="benchmarks.reversal", description="Attempts to get prompts back.")
    parser.add_argument("--prompts", type=int, default=100_000, help="distinct prompts, at most")
    parser.add_argument("--words", type=int, default=10_000, help="words of the attacker's list")
    parser.add_argument("--page", type=Path, nargs="?", const=Path("docs/why/scale.md"), help="page to write into")
    parser.add_argument("--json", type=Path, default=Path("work/reversal.json"), help="file for the figures")
    parser.add_argument("--only-tables", action="store_true", help="take the file of figures as it is")
    options = parser.parse_args(arguments)
    if options.only_tables:
        found = json.loads(options.json.read_text())
    else:
        found = attacked(prompts_of(options.prompts), options.words)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1))
    text = sections(found)
    print(text)
    if options.page is not None:
        into_page(options.page, "reversal", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
