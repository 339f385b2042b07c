"""Data of the lessons: the animal faces, seeded splits, and a fast loader of batches.

Lessons import from here; the modules of this folder have the rest.
"""

from helpers.data.animal_faces import load_animal_faces
from helpers.data.images import normalize
from helpers.data.loader import BatchLoader, split

__all__ = ["BatchLoader", "load_animal_faces", "normalize", "split"]
