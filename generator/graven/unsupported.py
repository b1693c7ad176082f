"""What a file contains that no layer reads: all of it in one sentence, with what to do about it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import tflite

from graven import layers

BUILTIN = frozenset(tflite.BUILTIN_OPCODE2NAME.values())
ADVICE = (
    (
        r"FlexTensorList.*|(STABLEHLO_)?(WHILE|IF|CASE)|CALL",
        "control flow: in Keras give RNN, LSTM and GRU layers unroll=True, and export again, or "
        "give graven the .keras file",
    ),
    (r"Flex.*", "TensorFlow's own: convert again without tf.lite.OpsSet.SELECT_TF_OPS"),
    (r"STABLEHLO_.*", "StableHLO's: convert again to operators of TensorFlow Lite"),
    (
        r"NON_MAX_SUPPRESSION.*|HASHTABLE.*",
        "work behind the network: export the model without it, and do it in your code",
    ),
)
"""What to do about operators whose whole names match; the first that does counts."""

CUSTOM = "no operator of TensorFlow Lite: export the model without it, or bring a kernel (README)"
OTHER = "replace it, or open an issue that names it (`graven ops` prints what works)"


def sentence(
    names: Sequence[str], where: Callable[[int], str], besides: Sequence[str] = ()
) -> str | None:
    """What is wrong with a file of these operators, if anything; `where` names one by its place.
    `besides`: those that the front end understands itself."""
    missing = Counter(name for name in names if name not in (*layers.modules(), *besides))
    if not missing:
        return None
    first = next(place for place, name in enumerate(names) if name in missing)
    listed = ", ".join(name if count == 1 else f"{count} {name}" for name, count in missing.items())
    total = sum(missing.values())
    head = "is not supported" if total == 1 else f"is the first of {total} that are not supported"
    found = [head if total == 1 else f"{head} ({listed})"]
    advised: dict[str, list[str]] = {}
    for name in missing:
        advised.setdefault(advice(name), []).append(name)
    for text in sorted(advised, key=OTHER.__eq__):  # what is special comes first
        rest = text == OTHER
        whose = (
            "" if len(advised) == 1 else "the rest: " if rest else f"{', '.join(advised[text])}: "
        )
        found.append(f"{whose}{text}")
    return f"{where(first)}: {'; '.join(found)}."


def advice(name: str) -> str:
    for pattern, text in ADVICE:
        if re.fullmatch(pattern, name):
            return text
    return OTHER if name in BUILTIN else CUSTOM
