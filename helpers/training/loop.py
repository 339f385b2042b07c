"""The training loop, in the few lines that every lesson relies on.

`fit` trains and measures; it prints and plots nothing. What it should do besides is passed in: the
optimizer, a penalty on the parameters, callbacks after each epoch.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector
from torch.optim import Optimizer

from helpers.threads import threads_for

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


Callback = Callable[[nn.Module, History], bool | None]


def fit(
    model: nn.Module,
    train_loader: Loader,
    val_loader: Loader,
    optimizer: Optimizer,
    *,
    epochs: int | Iterable[int],
    penalty: Penalty | None = None,
    callbacks: Sequence[Callback] = (),
) -> History:
    """Train `model` in place and return its history.

    `epochs` is a number, or an iterable such as `track(range(150))` that draws a progress bar. Each
    callback sees the model and the history after every epoch; training ends early when one of them
    returns true.
    """
    history = History()
    with threads_for(model):
        for _ in range(epochs) if isinstance(epochs, int) else epochs:
            train_epoch(model, train_loader, optimizer, penalty=penalty)
            scores = evaluate(model, train_loader), evaluate(model, val_loader)
            history.append(*scores, frobenius_norm(model))
            wishes_to_stop = [callback(model, history) for callback in callbacks]  # ask every one
            if any(wishes_to_stop):
                break
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


class EarlyStopping:
    """A callback for `fit`: stop once validation accuracy has not improved for `patience` epochs.

    `best_epoch` (from 0) and `best_state` (a copy of the model's parameters) belong to the best
    validation accuracy so far; `restore` puts them back.
    """

    def __init__(self, patience: int) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1 epoch, not {patience}")
        self.patience = patience
        self.best_epoch: int | None = None
        self.best_accuracy = float("-inf")
        self.best_state: dict[str, Tensor] = {}

    def __call__(self, model: nn.Module, history: History) -> bool:
        """Remember the model if it is the best so far, and say whether to stop."""
        epoch = len(history) - 1
        if self.best_epoch is None or history.val_accuracy[-1] > self.best_accuracy:
            self.best_epoch, self.best_accuracy = epoch, history.val_accuracy[-1]
            self.best_state = copy.deepcopy(model.state_dict())
        return epoch - self.best_epoch >= self.patience

    def restore(self, model: nn.Module) -> None:
        """Give `model` back the parameters of its best epoch."""
        if self.best_epoch is None:
            raise RuntimeError("nothing to restore: pass this callback to fit() first")
        model.load_state_dict(self.best_state)
