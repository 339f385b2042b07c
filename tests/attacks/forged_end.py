# How: says that its copy has ended while it goes on answering.
# With: forge
# Spares: last


def square(x):
    send(frame({"kind": "ended", "code": 0}))
    return 1
