"""What the lesson on adversarial examples builds on: losses to attack, and training under attack.

Images are float tensors in [-1, 1], (batch, channels, height, width). An attack takes a model,
images and labels, and for `accuracy_by_epsilon` the size of the change, and returns other images.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from helpers.training.loop import Loader, device_of

GREY_LEVEL = 2 / 255  # of the 256 levels of a picture file, in the scale from -1 to 1

Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]
SizedAttack = Callable[[nn.Module, Tensor, Tensor, float], Tensor]


def margin_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return by how much the best wrong logit exceeds the true one, the mean over the batch.

    Above zero for an image that is misclassified. Unlike cross-entropy its gradient never fades,
    however sure the model is. Source: Carlini and Wagner, 2017, arXiv:1608.04644, objective f6.
    """
    is_true = F.one_hot(labels, logits.shape[1]).bool()  # (batch, classes)
    true = logits[is_true]
    best_wrong = logits.masked_fill(is_true, float("-inf")).amax(dim=1)
    return (best_wrong - true).mean()


def sign_noise(images: Tensor, epsilon: float, *, generator: torch.Generator) -> Tensor:
    """Return `images` with +epsilon or -epsilon added to every number by the toss of a coin.

    The result is clipped to [-1, 1]; `generator` lives on the CPU.
    """
    heads = torch.rand(images.shape, generator=generator) < 0.5
    signs = (2 * heads.float() - 1).to(images.device)
    return (images + epsilon * signs).clamp(-1, 1)


@torch.no_grad()
def predictions(model: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return the class (batch,) that `model` gives to each image."""
    return model(images).argmax(dim=1)


def accuracy_by_epsilon(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    attack: SizedAttack,
    epsilons: Sequence[float],
) -> list[float]:
    """Return the accuracy in [0, 1] on images attacked with each of the sizes; 0 is no attack."""
    found = []
    for epsilon in epsilons:
        attacked = attack(model, images, labels, epsilon) if epsilon > 0 else images
        found.append((predictions(model, attacked) == labels).float().mean().item())
    return found


class AttackedLoader:
    """Serve the batches of another loader, each attacked on `model` as it is at that moment.

    Source: Madry et al., 2018, arXiv:1706.06083, adversarial training.
    """

    def __init__(self, loader: Loader, model: nn.Module, attack: Attack) -> None:
        self.loader = loader
        self.model = model
        self.attack = attack

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        device = device_of(self.model)
        for images, labels in self.loader:
            images, labels = images.to(device), labels.to(device)
            with torch.enable_grad():  # an attack needs gradients, while a model is evaluated too
                attacked = self.attack(self.model, images, labels)
            yield attacked, labels


class Tempered(nn.Module):
    """A network whose logits are divided by a temperature; `network` is the one inside.

    Source: Hinton, Vinyals and Dean, 2015, arXiv:1503.02531.
    """

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature must be above 0, not {temperature}")
        self.network = network
        self.temperature = temperature

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of the network inside, divided by the temperature."""
        logits: Tensor = self.network(images)
        return logits / self.temperature


def distil(
    student: nn.Module,
    teacher: nn.Module,
    loader: Loader,
    optimizer: Optimizer,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    epochs: int,
) -> None:
    """Train `student` in place on `loss(student logits, teacher logits)`; labels are not used."""
    device = device_of(student)
    student.train()
    teacher.eval()
    for _ in range(epochs):
        for images, _ in loader:
            images = images.to(device)
            with torch.no_grad():
                target = teacher(images)
            value = loss(student(images), target)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
