# How: computes in C for ever, without giving back Python's lock, while its cell runs.
# Spares: last
# Verdict: timeout
sum(range(10**18))
