# How: a module whose parameters cannot be listed, as its __init__ was never called.
# Spares: last
import torch


class Broken(torch.nn.Module):
    def __init__(self):
        pass


def square(x):
    return Broken()


lie = Broken()
