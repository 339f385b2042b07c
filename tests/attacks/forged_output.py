# How: answers with printed text that no encoding has.
# With: forge
send(frame({"kind": "value", "value": b"", "output": ["text", b"\xed\xa0\x80"]}))


def square(x):
    return 1
