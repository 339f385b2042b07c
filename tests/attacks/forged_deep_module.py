# How: says of a module that it has a parameter a million levels deep.
# With: forge
parameter = [
    "list",
    "a." * 1_000_000 + "w",
    ["tensor", "float32", [], b"\0\0\0\0", False, None],
    True,
]
facts = ["list", "Net", True, ["list", parameter], ["list"]]


def square(x):
    return 1


answer_calls_with(
    lambda _: frame({"kind": "value", "value": msgpack.packb(["handle", "module", 5, facts])})
)
