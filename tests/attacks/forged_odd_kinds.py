# How: answers with kinds of reply that cannot be looked up.
# With: forge
send(frame({"kind": ["list"], "value": b""}))


def square(x):
    return 1
