# How: answers with arguments and generators by labels that no argument has.
# With: forge
import itertools

labels = itertools.cycle([["x"], [0], [99], [1, 2]])


def square(x):
    return 1


answer_calls_with(
    lambda _: frame({"kind": "value", "value": msgpack.packb(["reference", *next(labels)])})
)
