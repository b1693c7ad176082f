"""The networks as people have them, where they are at hand (shared/corpus): each compiles, or
stands below with the sentence that refuses it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from graven import emit, passes
from graven.errors import GravenError
from graven.frontends import files

NPU = "which alone can run it"
LOOPS = "control flow: in Keras give RNN, LSTM and GRU layers unroll=True"
REFUSED = {
    **{f"m{number:03}": NPU for number in (*range(13, 23), 43)},
    **{name: LOOPS for name in ("m087", "m088", "m097", "m100", "m101", "m114")},
}
"""By name, and the words by which each is known."""


def test_the_corpus(shared: Path):
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder}")
    unexpected = []
    for path in sorted(folder.glob("*.tflite")):
        said = ""
        try:
            emit.header(passes.canonical(files.read(path).network), "0" * 64)
        except GravenError as error:
            said = str(error)
        expected = REFUSED.get(path.stem, "")
        if bool(said) != bool(expected) or expected not in said:
            unexpected.append(said or f"{path.stem} compiles: not refused with '{expected}'")
    assert not unexpected, "\n".join(unexpected)
