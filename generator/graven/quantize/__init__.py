"""From a float32 network and samples to the int8 network that TensorFlow Lite's rules describe.

rules           what an operator wants of scales, said by its layer module
batches         the float network on many samples at once
sharing         which tensors have one scale and zero point
ranges          what of a tensor's values int8 is to cover, by four methods
simulate        the float network with the errors of int8
convert         scales to an int8 network
post_training   all of it, and the report
"""
