"""The training loop, in the few lines that every lesson relies on.

`fit` trains and measures; it prints and plots nothing. What differs between the lessons is passed
in: the model, the batches, the optimizer, and a penalty on the parameters.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector
from torch.optim import Optimizer

from helpers.training.threads import threads_for

Penalty = Callable[[nn.Module], Tensor]


class Loader(Protocol):
    """Anything that yields batches of images (batch, ...) and labels (batch,)."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one pass over the data."""


@dataclass(frozen=True)
class Score:
    """How well a model does on a whole data set: accuracy in [0, 1] and mean cross-entropy."""

    accuracy: float
    loss: float


@dataclass
class History:
    """What `fit` measured after each epoch; entry 0 belongs to the first epoch.

    Accuracies are fractions in [0, 1], losses are mean cross-entropies without any penalty, and
    `norm` is the Frobenius norm of all parameters together.
    """

    train_accuracy: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    norm: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of epochs so far."""
        return len(self.norm)

    def append(self, train: Score, val: Score, norm: float) -> None:
        """Add the measurements of one more epoch."""
        self.train_accuracy.append(train.accuracy)
        self.train_loss.append(train.loss)
        self.val_accuracy.append(val.accuracy)
        self.val_loss.append(val.loss)
        self.norm.append(norm)


def fit(
    model: nn.Module,
    train_loader: Loader,
    val_loader: Loader,
    optimizer: Optimizer,
    *,
    epochs: int,
    penalty: Penalty | None = None,
) -> History:
    """Train `model` in place and return its history, one entry an epoch.

    After each epoch the model is measured on all of both loaders, in evaluation mode.
    """
    history = History()
    with threads_for(model):
        for _ in range(epochs):
            train_epoch(model, train_loader, optimizer, penalty=penalty)
            train, val = evaluate(model, train_loader), evaluate(model, val_loader)
            history.append(train, val, frobenius_norm(model))
    return history


def train_epoch(
    model: nn.Module, loader: Loader, optimizer: Optimizer, *, penalty: Penalty | None = None
) -> None:
    """Take one optimizer step for each batch, on cross-entropy plus `penalty(model)` if given."""
    device = device_of(model)
    model.train()
    for images, labels in loader:
        loss = F.cross_entropy(model(images.to(device)), labels.to(device))
        if penalty is not None:
            loss = loss + penalty(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model: nn.Module, loader: Loader) -> Score:
    """Return the score of `model`, in evaluation mode, over all images of `loader`.

    Sums over images, not means over batches: a short last batch counts for what it is.
    """
    device = device_of(model)
    model.eval()
    correct, loss, count = torch.zeros((), device=device), torch.zeros((), device=device), 0
    for images, labels in loader:
        logits, labels = model(images.to(device)), labels.to(device)
        correct = correct + (logits.argmax(dim=1) == labels).sum()
        loss = loss + F.cross_entropy(logits, labels, reduction="sum")  # in the logits' precision
        count += len(labels)
    # The only two moments at which the computer waits for the GPU.
    return Score(accuracy=float(correct) / count, loss=float(loss) / count)


def accuracy(model: nn.Module, loader: Loader) -> float:
    """Return the fraction of the loader's images that `model` classifies correctly."""
    return evaluate(model, loader).accuracy


@torch.no_grad()
def frobenius_norm(model: nn.Module) -> float:
    """Return the square root of the sum of the squares of all parameters."""
    return float(parameters_to_vector(model.parameters()).norm())


def device_of(model: nn.Module) -> torch.device:
    """Return the device on which the parameters of `model` lie."""
    return next(model.parameters()).device
