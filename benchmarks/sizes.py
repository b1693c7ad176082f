"""Bytes of code per model on a Cortex-M4, against their limits.

    sizes.py [MODEL.tflite ...] [--limited]       --limited: only models that have a limit

Exit code 1 if a limit is exceeded, 77 if no model with a limit is here, 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import figures
from tables import CODE_LIMITS, CODE_TARGET


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--limited", action="store_true", help="only models that have a limit")
    options = parser.parse_args()
    models = [figures.load_model(path) for path in options.models] or figures.default_models()
    if options.limited:
        limited_names = {name for name, _ in CODE_LIMITS}
        models = [model for model in models if model.name in limited_names]
    exceeded, limited = False, False
    print(f"{'model':<20}{'isa':<10}{'code':>8}{'limit':>8}")
    for case in figures.cases_of(models, [CODE_TARGET], ["fastest"]):
        row = figures.measure(case)
        limit = CODE_LIMITS.get((row.model, row.asked))
        over = limit is not None and row.code_bytes > limit
        exceeded, limited = exceeded or over, limited or limit is not None
        verdict = "  too much" if over else ""
        print(f"{row.model:<20}{row.isa:<10}{row.code_bytes:>8,}{limit or '':>8}{verdict}")
    return 1 if exceeded else 0 if limited else 77


if __name__ == "__main__":
    figures.exit_with(main)
