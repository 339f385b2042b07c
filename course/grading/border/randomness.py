"""Random generators, which are a part of every call: what they draw next, both processes agree on.

No state is ever taken from the student process: it could make the numbers that the test draws next
all alike, and wrong answers right for them.
"""

import pickle
import random
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import numpy

from course.grading.border.tensors import torch_is_imported

# The state of torch's generator where torch is not imported.
NO_STATE = b""


@dataclass(frozen=True)
class Randomness:
    """Stand for a global random generator, which is a part of every call.

    That of torch is there only where torch is imported.
    """

    library: Literal["torch", "numpy", "random"]

    def state(self) -> bytes:
        """Return the state that the generator is in, or `NO_STATE`."""
        if self.library == "torch":
            return _torch_state()
        get = numpy.random.get_state if self.library == "numpy" else random.getstate
        return pickle.dumps(get())

    def set_state(self, state: bytes) -> None:
        """Bring the generator into a state that `state` has returned in the referee.

        This imports torch for a state of its generator: the student's code may draw from it.
        """
        # To unpickle is safe: states go to the student process, and none ever comes from there.
        if self.library == "torch":
            _set_torch_state(state)
        elif self.library == "numpy":
            numpy.random.set_state(pickle.loads(state))
        else:
            random.setstate(pickle.loads(state))

    def seed(self, number: int) -> None:
        """Seed the generator, if it is there, with a number of up to 32 bits."""
        if self.library == "torch":
            _seed_torch(number)
        elif self.library == "numpy":
            numpy.random.seed(number)
        else:
            random.seed(number)


GLOBAL_RANDOMNESS = (Randomness("torch"), Randomness("numpy"), Randomness("random"))


def seed_generators() -> None:
    """Seed all global random generators, so that grading twice gives the same."""
    for generator in GLOBAL_RANDOMNESS:
        generator.seed(0)


def digest(state: bytes) -> bytes:
    """Return what differs once a generator was used: more of its state need not cross."""
    return blake2b(state, digest_size=16).digest()


def next_seed(state: bytes) -> int:
    """Return the seed for a generator that the student's code has used, always the same."""
    # 32 bits, as many as a seed of numpy's has.
    return int.from_bytes(blake2b(state, digest_size=4).digest())


def digest_generator(part: Any) -> bytes:
    """Return the digest of a generator's state; `torch_values` has that of torch's own kind."""
    return digest(_state_of(part))


def move_on(part: Any, _: Any) -> None:
    """Bring a generator that the student's code has used to another state, always the same."""
    number = next_seed(_state_of(part))
    if isinstance(part, numpy.random.Generator):
        part.bit_generator.state = type(part.bit_generator)(number).state
    else:
        part.seed(number)


def _state_of(part: Any) -> bytes:
    """Return all that a random generator's next numbers depend on."""
    if isinstance(part, Randomness):
        return part.state()
    is_numpy = isinstance(part, numpy.random.Generator)
    return pickle.dumps(part.bit_generator.state if is_numpy else part.getstate())


def _torch_state() -> bytes:
    if not torch_is_imported():
        return NO_STATE
    from course.grading.border import torch_values

    return torch_values.generator_state(torch_values.GLOBAL_GENERATOR)


def _set_torch_state(state: bytes) -> None:
    if state == NO_STATE:
        return
    from course.grading.border import torch_values

    torch_values.set_generator_state(torch_values.GLOBAL_GENERATOR, state)


def _seed_torch(number: int) -> None:
    if not torch_is_imported():
        return
    from course.grading.border import torch_values

    torch_values.GLOBAL_GENERATOR.manual_seed(number)
