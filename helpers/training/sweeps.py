"""Train many networks at once, with the results that training them one after another has.

`fit_many` takes what `helpers.training.fit` takes, once for each run. Networks of one shape are
stacked (see `stacks`), and where that loses nothing their images are expressed in fewer numbers
(see `rotation`).
"""

import copy
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from helpers.data.loader import BatchLoader
from helpers.models import MLP
from helpers.seeding import temporary_seed
from helpers.training.loop import History, Penalty, device_of, fit
from helpers.training.rotation import Rotation
from helpers.training.stacks import DropoutMasks, Stack, cross_entropy_error
from helpers.training.threads import threads_for

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Task:
    """One run for `fit_many`: the arguments that `fit` takes for it.

    `seed` starts the random stream from which the run draws its dropout masks, as
    `torch.manual_seed(seed)` before `fit` would; a loader has a random stream of its own.
    """

    model: nn.Module
    train_loader: BatchLoader
    val_loader: BatchLoader
    optimizer: Optimizer
    penalty: Penalty | None = None
    seed: int = 0


def fit_many(tasks: Sequence[Task], *, epochs: int, memory: int = 1 << 28) -> list[History]:
    """Train the model of every task in place and return one history a task, in their order.

    Agrees with `fit` on each task to within rounding, on the device on which the models are. Runs
    of the same shape are trained together, in chunks whose stacked tensors take about `memory`
    bytes; a model that is not exactly an `MLP`, or has frozen parameters, is trained by `fit`.
    Optimizers forget their state at the end. No two tasks may share a model, optimizer or loader.
    """
    groups: dict[Hashable, list[int]] = {}
    for position, task in enumerate(tasks):
        groups.setdefault(_shape(task), []).append(position)
    histories: dict[int, History] = {}
    for members in groups.values():
        like = tasks[members[0]]  # what holds of one run of a group holds of all
        size = max(1, memory // _footprint(like))
        for start in range(0, len(members), size):
            chunk = members[start : start + size]
            with threads_for(like.model):
                trained = _fit_chunk([tasks[position] for position in chunk], epochs)
            histories.update(zip(chunk, trained, strict=True))
    return [histories[position] for position in range(len(tasks))]


def _is_stackable(model: nn.Module) -> TypeGuard[MLP]:
    """Tell whether `Stack` computes what `model` does: a subclass may do something else."""
    return type(model) is MLP and all(p.requires_grad for p in model.parameters())


def _shape(task: Task) -> Hashable:
    """Return what runs must have in common to be stacked."""
    model, loaders = task.model, (task.train_loader, task.val_loader)
    if not _is_stackable(model):
        return id(model)  # a group of its own
    data = tuple((len(x.dataset), x.batch_size, _is_fixed(x)) for x in loaders)
    kind = (model.sizes, model.negative_slope, model.dropout, _dtype(model))
    return (*kind, device_of(model), data, _is_rotatable(task))


def _footprint(task: Task) -> int:
    """Return about how many bytes a run takes: parameters, gradients, momenta, images."""
    parameters = sum(p.numel() * p.element_size() for p in task.model.parameters())
    images = task.train_loader.images.nbytes + task.val_loader.images.nbytes
    return int(4 * parameters + 3 * images)


def _fit_chunk(tasks: list[Task], epochs: int) -> list[History]:
    try:
        if not _is_stackable(tasks[0].model):
            return [_fit_alone(task, epochs) for task in tasks]
        if _is_rotatable(tasks[0]):
            with _rotated(tasks) as (rotated, outside):
                return _fit_stack(rotated, epochs, outside=outside)
        return _fit_stack(tasks, epochs, outside=torch.zeros(len(tasks)))
    finally:
        # Momenta that were gathered in coordinates do not fit weights for pixels.
        for task in tasks:
            task.optimizer.state.clear()


def _fit_alone(task: Task, epochs: int) -> History:
    with temporary_seed(task.seed):
        return fit(
            task.model,
            task.train_loader,
            task.val_loader,
            task.optimizer,
            epochs=epochs,
            penalty=task.penalty,
        )


def _is_fixed(loader: BatchLoader) -> bool:
    """Tell whether a loader yields the same batches in every epoch."""
    return not loader.shuffle and loader.augment is None


def _is_rotatable(task: Task) -> bool:
    """Tell whether `helpers.training.rotation` applies to a run and makes it cheaper."""
    loaders = (task.train_loader, task.val_loader)
    images_stay_there = all(loader.augment is None for loader in loaders)
    images = sum(len(loader.dataset) for loader in loaders)
    is_cheaper = images < task.train_loader.images[0].numel()
    trains_in_the_span = task.penalty is None and _adds_up_gradients(task.optimizer)
    return trains_in_the_span and images_stay_there and is_cheaper


def _adds_up_gradients(optimizer: Optimizer) -> bool:
    """Tell whether an optimizer moves weights along sums of the gradients to come, nowhere else."""
    return (
        type(optimizer) is SGD  # a subclass may do something else
        and not optimizer.state  # momentum from earlier training may point anywhere
        and all(group["weight_decay"] == 0 for group in optimizer.param_groups)
    )


@contextmanager
def _rotated(tasks: list[Task]) -> Iterator[tuple[list[Task], Tensor]]:
    """Provide the tasks in coordinates, and the norms (M,) of what their first layers then lack.

    In the end the first layers get their weights for pixels back, trained.
    """
    layers = [model.linear_layers[0] for model in _networks(tasks)]
    rotations = [Rotation(_all_images(task)) for task in tasks]
    outside: list[Tensor] = []
    try:
        for rotation, layer in zip(rotations, layers, strict=True):
            outside.append(rotation.enter(layer))
        norms = torch.stack([torch.linalg.vector_norm(part) for part in outside])
        yield [_in_coordinates(*pair) for pair in zip(tasks, rotations, strict=True)], norms
    finally:
        # Fewer than the layers if one of them could not be entered.
        for rotation, layer, part in zip(rotations, layers, outside, strict=False):
            rotation.leave(layer, part)


def _all_images(task: Task) -> Tensor:
    parts = (task.train_loader.images, task.val_loader.images)
    return torch.cat([images.flatten(1) for images in parts]).to(
        device_of(task.model), _dtype(task.model)
    )


def _in_coordinates(task: Task, rotation: Rotation) -> Task:
    """Return `task` with loaders that serve coordinates, in the same random order."""
    train, val = copy.copy(task.train_loader), copy.copy(task.val_loader)
    sizes = [len(train.images), len(val.images)]
    train.images, val.images = rotation.coordinates.split(sizes)
    return Task(task.model, train, val, task.optimizer, task.penalty, task.seed)


def _fit_stack(tasks: list[Task], epochs: int, *, outside: Tensor) -> list[History]:
    """Train the models of `tasks` as one stack; `outside` (M,) is what their norms lack."""
    measured = []
    with Stack(_networks(tasks)) as stack:
        outside = outside.to(stack.device, stack.dtype)
        train = _Batches([task.train_loader for task in tasks], stack)
        val = _Batches([task.val_loader for task in tasks], stack)
        full_batch = train.single and val.single and not any(stack.models[0].dropout)
        advance = _full_batch_epochs if full_batch else _epochs
        for _, scores in zip(range(epochs), advance(stack, tasks, train, val), strict=False):
            measured.append(torch.stack([*scores, torch.hypot(stack.norms(), outside)]))
    return _histories(torch.stack(measured, dim=-1)) if measured else [History() for _ in tasks]


def _epochs(
    stack: Stack, tasks: list[Task], train: "_Batches", val: "_Batches"
) -> Iterator[list[Tensor]]:
    """Train epoch after epoch; yield accuracy and loss in training and validation, each (M,)."""
    dropout = DropoutMasks(stack.models[0], [task.seed for task in tasks])
    while True:
        for images, labels in train:
            masks = dropout.draw(images.shape[1])
            activations = stack.forward(images, masks)
            stack.backward(activations, cross_entropy_error(activations[-1], labels), masks)
            _step(tasks)
        yield [*_evaluate(stack, train), *_evaluate(stack, val)]


def _full_batch_epochs(
    stack: Stack, tasks: list[Task], train: "_Batches", val: "_Batches"
) -> Iterator[list[Tensor]]:
    """Do the same where an epoch is one step on the same images, at nearly half the price.

    Evaluation after a step and the forward pass of the next one see the same images and the same
    parameters, so one pass over training and validation images together serves for both.
    """
    [(train_images, train_labels)], [(val_images, val_labels)] = train, val
    images = torch.cat([train_images, val_images], dim=1)
    labels = torch.cat([train_labels, val_labels], dim=1)
    sizes = [train_labels.shape[1], val_labels.shape[1]]
    activations = stack.forward(images)
    while True:
        trained = [values[:, : sizes[0]] for values in activations]
        stack.backward(trained, cross_entropy_error(trained[-1], train_labels))
        _step(tasks)
        activations = stack.forward(images)
        correct, losses = _judge(activations[-1], labels)
        parts = zip(correct.split(sizes, dim=1), losses.split(sizes, dim=1), strict=True)
        yield [scores.double().mean(dim=1) for part in parts for scores in part]


def _step(tasks: Sequence[Task]) -> None:
    """Let every penalty and optimizer act on its own network, which is a part of the stack."""
    for task in tasks:
        if task.penalty is not None:
            _add_penalty_gradient(task.model, task.penalty)
        task.optimizer.step()


def _add_penalty_gradient(model: nn.Module, penalty: Penalty) -> None:
    zero = next(model.parameters()).new_zeros(())  # what `fit` adds the penalty to is a tensor too
    value = zero + penalty(model)
    if value.requires_grad:
        value.backward()  # adds to the gradients that are there


def _evaluate(stack: Stack, batches: "_Batches") -> list[Tensor]:
    """Return accuracy and mean cross-entropy of every network, each (M,)."""
    judged = [_judge(stack.forward(images)[-1], labels) for images, labels in batches]
    return [torch.cat(scores, dim=1).double().mean(dim=1) for scores in zip(*judged, strict=True)]


def _judge(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return for every image whether it is classified correctly, and its loss: (M, batch) each."""
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return logits.argmax(dim=-1) == labels, losses.view_as(labels)


def _histories(measured: Tensor) -> list[History]:
    """Turn the measurements (5, M, epochs) into a history for each run."""
    columns = zip(*measured.tolist(), strict=True)  # the only wait for the GPU
    names = ("train_accuracy", "train_loss", "val_accuracy", "val_loss", "norm")
    return [History(**dict(zip(names, column, strict=True))) for column in columns]


class _Batches:
    """Serve the batches of several loaders side by side: images (M, batch, features)."""

    def __init__(self, loaders: Sequence[BatchLoader], stack: Stack) -> None:
        self.loaders, self.stack = loaders, stack
        self.fixed = list(self._draw()) if all(map(_is_fixed, loaders)) else None
        self.single = self.fixed is not None and len(self.fixed) == 1

    def __iter__(self) -> Iterator[Batch]:
        return iter(self.fixed) if self.fixed is not None else self._draw()

    def _draw(self) -> Iterator[Batch]:
        device, dtype = self.stack.device, self.stack.dtype
        for parts in zip(*self.loaders, strict=True):
            images = torch.stack([images.flatten(1) for images, _ in parts])
            labels = torch.stack([labels for _, labels in parts])
            yield images.to(device, dtype), labels.to(device)


def _networks(tasks: Sequence[Task]) -> list[MLP]:
    return [task.model for task in tasks if _is_stackable(task.model)]


def _dtype(model: nn.Module) -> torch.dtype:
    return next(model.parameters()).dtype
