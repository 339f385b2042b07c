"""Training: the plain loop that students read, and the engine that trains many runs at once.

Lessons import from here; the modules of this folder have the rest.
"""

from helpers.training.loop import accuracy, fit

__all__ = ["accuracy", "fit"]
