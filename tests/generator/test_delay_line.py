"""Delay lines: what they hand on, when they say that it is valid, what is refused."""

import dataclasses

import numpy as np
import pytest
import random_models
from graven import engines, ir, reference
from graven.errors import GravenError
from graven.frontends import tflite, tflite_writer
from graven.layers.broadcast_args import BroadcastArgs
from graven.layers.delay_line import DelayLine

INT8, INT16, BOOLEAN = ir.Element.INT8, ir.Element.INT16, ir.Element.BOOLEAN


def network(name, shape, made, valid=None, element=INT16, **numbers):
    """`valid`: the shape of the second output."""
    b = random_models.Builder(np.random.default_rng(0))
    stored = ir.Quantization((0.5,), (3,)) if element is INT8 else None
    outputs = [b.tensor(made, element, stored)]
    if valid is not None:
        outputs.append(b.tensor(valid, BOOLEAN))
    data = b.tensor(shape, element, stored)
    b.inputs.append(data)
    b.operators.append(ir.Operator(0, name, DelayLine(numbers), (data,), tuple(outputs)))
    return b.network(outputs)


def parsed(*arguments, **numbers):
    return tflite.parse(tflite_writer.to_bytes(network(*arguments, **numbers)), "m.tflite", "m")


def runs(of, *inputs):
    state = reference.reset(of)
    for values in inputs:
        found = reference.run(of, [np.array(values, np.int16)], state)
        yield tuple(found[index].tolist() for index in of.outputs)


def test_frames_without_prefill_wait_for_whole_steps():
    framer = parsed("SignalFramer", (2,), (1, 3), (), frame_size=3, frame_step=2, prefill=0)
    found = list(runs(framer, [1, 2], [3, 4], [5, 6]))
    assert [valid for _, valid in found] == [False, True, True]
    assert [frame for frame, _ in found[1:]] == [[[1, 2, 3]], [[3, 4, 5]]]


def test_frames_with_prefill_end_with_the_newest_sample():
    framer = parsed("SignalFramer", (2,), (1, 3), (), frame_size=3, frame_step=2, prefill=1)
    assert list(runs(framer, [1, 2], [3, 4])) == [([[0, 1, 2]], True), ([[2, 3, 4]], True)]


def test_a_stacker_begins_with_copies_of_its_first_frame():
    stacker = parsed(
        "SignalStacker", (1,), (4,), (), num_channels=1, stacker_left_context=2,
        stacker_right_context=1, stacker_step=2,
    )  # fmt: skip
    found = list(runs(stacker, [1], [2], [3], [4], [5], [6]))
    assert [valid for _, valid in found] == [False, True, False, True, False, True]
    assert [found[k][0] for k in (1, 3, 5)] == [[1, 1, 1, 2], [1, 2, 3, 4], [3, 4, 5, 6]]


def test_what_is_not_valid_is_not_compared():
    framer = parsed("SignalFramer", (2,), (1, 3), (), frame_size=3, frame_step=2, prefill=0)
    frame, valid = framer.outputs
    for says in (False, True):
        left = engines.meant(framer, {frame: np.zeros((1, 3)), valid: np.array(says)})
        assert (frame in left) is says and valid in left


REFUSED = {
    "option delay_length is -1, expected 0": ("SignalDelay", (4,), (4,), None, INT16,
                                              {"delay_length": -1}),
    "makes frames of 3 by steps of 2 of 5 samples": (
        "SignalFramer", (5,), (2, 3), (), INT16,
        {"frame_size": 3, "frame_step": 2, "prefill": 1}),
    "has 1 outputs, expected 2": (
        "SignalFramer", (4,), (2, 3), None, INT16,
        {"frame_size": 3, "frame_step": 2, "prefill": 1}),
    "steps by 4 frames of 3": (
        "SignalStacker", (2,), (6,), (), INT16,
        {"num_channels": 2, "stacker_left_context": 1, "stacker_right_context": 1,
         "stacker_step": 4}),
    "has cycles_max 2": ("CIRCULAR_BUFFER", (1, 1, 1, 4), (1, 3, 1, 4), None, INT8,
                         {"cycles_max": 2}),
    "expected one boolean": ("CIRCULAR_BUFFER", (1, 1, 1, 4), (1, 3, 1, 4), (2,), INT8,
                             {"cycles_max": 2}),
}  # fmt: skip


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_refused(sentence):
    *arguments, numbers = REFUSED[sentence]
    with pytest.raises(GravenError, match=sentence):
        parsed(*arguments, **numbers)


@pytest.mark.parametrize("stated", [(3,), (0,)])  # some converters know no shape
def test_shapes_to_broadcast_are_folded(stated):
    b = random_models.Builder(np.random.default_rng(0))
    made = b.tensor(stated, ir.Element.INT32)
    b.add("BROADCAST_ARGS", BroadcastArgs(), [b.integers(4, 1, 3), b.integers(5, 1)], made)
    data = b.tensor((1,), INT8, ir.Quantization((1.0,), (0,)))
    found = dataclasses.replace(b.network([made]), inputs=(data,))
    folded = tflite.parse(tflite_writer.to_bytes(found), "m.tflite", "m")
    assert folded.tensors[made].data.tolist() == [4, 5, 3]
