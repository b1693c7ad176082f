"""Bytes of code per model on a Cortex-M4, against their limits: sizes.py [MODEL.tflite ...]

Exit code 1 if a limit is exceeded, 77 if no model with a limit is here, 2 bad use, 3 a tool failed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import figures
from figures import BenchError
from tables import CODE_LIMITS, CODE_TARGET


def main() -> int:
    paths = [Path(argument) for argument in sys.argv[1:]]
    models = [figures.load_model(path) for path in paths] or figures.default_models()
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
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
