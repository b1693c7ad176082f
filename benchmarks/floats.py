"""The float32 network whose int8 form a file has."""

from dataclasses import replace

from graven import hybrid, ir
from graven.checked import checked, stated, used


def dequantized(network):
    """Weights and biases as real numbers, without the operators that only change scales."""
    tensors = [real(tensor) for tensor in network.tensors]
    same, operators = {}, []
    for operator in network.operators:
        inputs = tuple(same.get(index, index) for index in operator.inputs)
        if operator.name in ("QUANTIZE", "DEQUANTIZE"):
            same[operator.output] = inputs[0]
            continue
        operators.append(stated(operator.name, operator.layer, inputs, operator.outputs))
    outputs = [same.get(index, index) for index in network.outputs]
    left = used(tensors, operators, network.inputs, outputs)
    return checked(network.name, network.source, "", *left)


def real(tensor):
    if tensor.quantization is None:
        return tensor
    if tensor.data is None:
        return replace(tensor, element=ir.Element.FLOAT32, quantization=None)
    return hybrid.dequantized(tensor)
