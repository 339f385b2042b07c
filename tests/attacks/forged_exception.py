# How: answers the request for a copy with an exception.
# With: forge
send(
    frame(
        {
            "kind": "raised",
            "names": ["ZeroDivisionError"],
            "message": "",
            "traceback": "",
            "undefined": "",
        }
    )
)


def square(x):
    return 1
