# How: answers each call with stand-ins of numbers never given out, and with wrong facts.
# With: forge
import itertools

numbers = itertools.count(10**6)
kinds = itertools.cycle(["function", "class", "module", "object", "iterator", "nothing"])
facts = itertools.cycle([None, "__eq__", ["list", "__class__", "__bool__", None, True]])


def square(x):
    answer_calls_with(
        lambda _: frame(
            {
                "kind": "value",
                "value": msgpack.packb(["handle", next(kinds), next(numbers), next(facts)]),
            }
        )
    )


answer_calls_with(
    lambda _: frame(
        {
            "kind": "value",
            "value": msgpack.packb(["handle", next(kinds), next(numbers), next(facts)]),
        }
    )
)
