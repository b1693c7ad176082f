"""From a float32 network and samples to one of integers, as TensorFlow Lite's rules describe it.

rules           what an operator wants of scales, said by its layer module
sequences       samples, and for how many steps a state lasts
tables          functions of one number, which become tables
batches         the float network on many samples at once
sharing         which tensors have one scale and zero point
ranges          what of a tensor's values integers are to cover, by four methods
search          ... chosen by the outputs
equalize        channels of an activation brought to one size
kinds, scales   what integers there are, and numbers to and from them
weights         weights as integers, by the error of their layer
simulate        the float network with the errors of integers
convert         what was decided to a network of integers
decisions       ... and to a report
post_training   all of it
"""
