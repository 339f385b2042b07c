"""How much the gradient of a random batch differs from that of all images."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector

from helpers.training.loop import device_of
from helpers.training.threads import threads_for


def loss_gradient(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient (parameters,) of the mean cross-entropy over all parameters.

    What `.grad` holds is left alone.
    """
    device, parameters = device_of(model), list(model.parameters())
    loss = F.cross_entropy(model(images.to(device)), labels.to(device))
    return parameters_to_vector(torch.autograd.grad(loss, parameters))


def gradient_noise(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    batch_size: int,
    draws: int,
    generator: torch.Generator,
) -> float:
    """Return the standard deviation of the gradient of a random batch, all parameters together.

    It is the root of the mean squared distance to the gradient of all images, over `draws` batches
    whose images are drawn with replacement, by the generator on the CPU.
    """
    with threads_for(model):
        whole = loss_gradient(model, images, labels)
        squares = torch.zeros((), device=whole.device)
        for _ in range(draws):
            rows = torch.randint(len(labels), (batch_size,), generator=generator).to(labels.device)
            distance = loss_gradient(model, images[rows], labels[rows]) - whole
            squares = squares + distance.square().sum()
    return float((squares / draws).sqrt())
