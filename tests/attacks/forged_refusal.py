# How: answers the request for a copy with a refusal.
# With: forge
send(frame({"kind": "refused", "message": "no"}))


def square(x):
    return 1
