# How: asks for calls of functions that were never given out, and for their gradients.
# With: forge
import itertools

kinds = itertools.cycle(["callback", "gradient"])


def square(x):
    return 1


answer_calls_with(
    lambda _: frame({"kind": next(kinds), "number": -1, "inputs": msgpack.packb(["list", 1, 2])})
)
