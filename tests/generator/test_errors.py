"""Who calls from Python reads of arguments, who types the command of options."""

from __future__ import annotations

import pytest
from graven.errors import MOST_SAID, GravenError, first_line


@pytest.mark.parametrize(
    ("said", "in_python"),
    [
        ("--calibrate: got 2 arrays", "calibrate: got 2 arrays"),
        ("give them with --calibrate data.npz.", "give them with calibrate=."),
        ("(--quantize int8 --calibrate)", "(quantize='int8', calibrate=)"),
        ("--plan 'x': is no plan", "plan='x': is no plan"),
        ("--plan within:20: the arena", "plan='within:20': the arena"),
        ("try --plan smallest.", "try plan='smallest'."),
        ("--flash 40: the network", "flash=40: the network"),
        ("as in --shape 1,3,32,32.", "as in shape=(1, 3, 32, 32)."),
        ("give --class module:Name (", "give of='module:Name' ("),
        ("take --isa native or scalar.", "take isa='native' or scalar."),
        ("--layout nchw: m.keras is", "layout='nchw': m.keras is"),
        ("--keep 0.01: at least", "keep=0.01: at least"),
        ("--fine-tune 'm:f': has failed", "fine_tune='m:f': has failed"),
        ("or take it with --allow-float.", "or take it with allow_float=True."),
        ("--calibrate-method best", "method= best"),
        ("f.bin: has 3 bytes, -1 -- 2", "f.bin: has 3 bytes, -1 -- 2"),
        ("--row-input feeds it row by row", "--row-input feeds it row by row"),
    ],
)
def test_options_are_arguments(said, in_python):
    error = GravenError(said)
    assert (error.said, str(error)) == (said, in_python)


def test_what_a_library_says_is_one_short_printable_line():
    whole = ValueError("header b'PK\x03' and " + "\x00\xff" * 50000 + "\nmore of it")
    said = first_line(whole)
    assert len(said) == MOST_SAID and said.endswith("...") and said.isprintable()
    assert first_line(ValueError(" short.\nmore")) == "short."
