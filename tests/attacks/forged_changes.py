# How: claims changes of arguments that are not there, of generators and of the test's objects.
# With: forge


def square(x):
    return 1


zero = msgpack.packb(0)
changes = ["list", *(["list", place, zero] for place in (0, 1, 2, 3, 4, 99, -1))]
answer_calls_with(lambda _: frame({"kind": "value", "value": zero, "changes": changes}))
