# How: answers the request for a copy with a refusal. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(frame({"kind": "refused", "message": "no"}))
    return 1
