"""What mixup needs besides the mixing itself: weights to mix with, and training on mixed labels."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.data.images import ImageSet
from helpers.data.loader import BatchLoader
from helpers.experiments import Recipe, Run, make_task
from helpers.training.loop import History, evaluate, frobenius_norm, train_epoch
from helpers.training.threads import threads_for

Mixing = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]


def draw_beta(alpha: float, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` numbers from [0, 1], float32, drawn from the distribution Beta(alpha, alpha).

    torch can draw from it too, but not with a generator of its own: `generator` gives a seed to
    NumPy, which draws. Raises `ValueError` unless alpha is positive.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, not {alpha}")
    seed = int(torch.randint(2**31, (), generator=generator))
    return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, count)).float()


class MixedLoader:
    """Serve the batches of `loader` mixed: images as before, labels as probabilities (batch, K).

    `mix(images, labels, generator)` gets the images of a batch and their labels, one-hot in
    float32, and returns both mixed; `generator` is the loader's own.
    """

    def __init__(self, loader: BatchLoader, mix: Mixing) -> None:
        self.loader = loader
        self.mix = mix

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one pass over the data."""
        classes = len(self.loader.dataset.classes)
        for images, labels in self.loader:
            one_hot = F.one_hot(labels, classes).float()
            yield self.mix(images, one_hot, self.loader.generator)


def train_mixed_seeds(
    dataset: ImageSet,
    recipe: Recipe,
    seeds: Iterable[int],
    mix: Mixing,
    *,
    device: torch.device | str = "cpu",
) -> list[Run]:
    """Train one model a seed on mixed batches, otherwise as `train_seeds` does.

    A seed stands for the same images and the same first parameters as there, though not for the
    same order of shuffled batches. A mixed image has no single right class, so the training
    accuracy is measured on the images as they are, neither mixed nor augmented.
    """
    return [_train_mixed(dataset, recipe, seed, mix, device) for seed in seeds]


def _train_mixed(
    dataset: ImageSet, recipe: Recipe, seed: int, mix: Mixing, device: torch.device | str
) -> Run:
    task = make_task(dataset, recipe, seed, device)
    model, mixed = task.model, MixedLoader(task.train_loader, mix)
    plain = BatchLoader(task.train_loader.dataset, batch_size=recipe.batch_size, device=device)
    history = History()
    with threads_for(model):
        for _ in range(recipe.epochs):
            train_epoch(model, mixed, task.optimizer, penalty=task.penalty)
            scores = evaluate(model, plain), evaluate(model, task.val_loader)
            history.append(*scores, frobenius_norm(model))
    return Run(seed, model, history)
