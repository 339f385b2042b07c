"""Losses, loaders and loops of the lesson on adversarial examples do what they say."""

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data import BatchLoader
from helpers.data.images import ImageSet
from helpers.robustness import (
    GREY_LEVEL,
    AttackedLoader,
    Tempered,
    accuracy_by_epsilon,
    distil,
    margin_loss,
    predictions,
    sign_noise,
)
from helpers.training import fit
from helpers.training.loop import evaluate

Loss = Callable[[Tensor, Tensor], Tensor]


class Sign(nn.Module):
    """Predict class 1 for positive numbers, and class 0 for others."""

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.cat([torch.zeros_like(inputs), inputs], dim=1)


def loader(count: int = 6) -> BatchLoader:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 1, 2, 2), generator=generator, dtype=torch.uint8)
    return BatchLoader(ImageSet(images, torch.arange(count) % 2, ("a", "b")), batch_size=4)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 2))


def test_margin_is_the_best_wrong_logit_less_the_true_one() -> None:
    logits = torch.tensor([[1.0, 4.0, 3.0], [2.0, 0.0, -1.0]])
    assert margin_loss(logits, torch.tensor([1, 1])).item() == ((3 - 4) + (2 - 0)) / 2


def test_margin_has_a_gradient_where_that_of_cross_entropy_is_zero() -> None:
    losses: dict[Loss, bool] = {F.cross_entropy: True, margin_loss: False}
    for loss, fades in losses.items():
        logits = torch.tensor([[500.0, 0.0, -100.0]], requires_grad=True)
        [gradient] = torch.autograd.grad(loss(logits, torch.tensor([0])), logits)
        assert (gradient.abs().sum() == 0) == fades


def test_one_grey_level_is_the_smallest_step_of_a_picture_file() -> None:
    levels = loader().images.mul(127.5).add(127.5)
    torch.testing.assert_close(levels, levels.round())
    assert pytest.approx(2 / 255) == GREY_LEVEL


def test_noise_has_the_size_asked_for_and_both_signs_and_stays_in_range() -> None:
    images = torch.cat([torch.zeros(2000), torch.ones(10)]).reshape(2, 1, 1, -1)
    noisy = sign_noise(images, 0.1, generator=torch.Generator().manual_seed(1))
    change = noisy - images
    torch.testing.assert_close(change.flatten()[:2000].abs(), torch.full((2000,), 0.1))
    assert 900 < int((change.flatten()[:2000] > 0).sum()) < 1100
    assert noisy.max() == 1


def test_noise_depends_on_the_generator_alone() -> None:
    images = torch.zeros(1, 1, 4, 4)
    state = torch.get_rng_state()
    first, second = (
        sign_noise(images, 1, generator=torch.Generator().manual_seed(5)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)


def test_accuracy_by_epsilon_attacks_with_each_size_and_not_at_all_for_zero() -> None:
    sizes: list[float] = []

    def attack(_: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        sizes.append(epsilon)
        return images - epsilon

    images = torch.tensor([[0.5], [1.5], [2.5]])
    labels = torch.tensor([1, 1, 1])

    found = accuracy_by_epsilon(Sign(), images, labels, attack, [0, 1, 2])
    assert found == pytest.approx([1, 2 / 3, 1 / 3])
    assert sizes == [1, 2]


def test_attacked_loader_attacks_the_model_of_the_moment_with_gradients_on() -> None:
    model = network()
    seen: list[tuple[dict[str, Tensor], bool]] = []

    def attack(attacked: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        seen.append((copy.deepcopy(attacked.state_dict()), torch.is_grad_enabled()))
        assert attacked is model
        return images + 1

    plain = loader()
    served = list(AttackedLoader(plain, model, attack))
    assert [len(labels) for _, labels in served] == [4, 2]
    torch.testing.assert_close(torch.cat([images for images, _ in served]), plain.images + 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, AttackedLoader(plain, model, attack), plain, optimizer, epochs=2)
    evaluate(model, AttackedLoader(plain, model, attack))
    assert all(enabled for _, enabled in seen)
    weights = [state["1.weight"] for state, _ in seen]
    assert not torch.equal(weights[2], weights[3])  # the two batches of the first epoch


def test_tempered_network_divides_its_logits() -> None:
    inner, images = network(), torch.rand(3, 1, 2, 2)
    torch.testing.assert_close(Tempered(inner, 4.0)(images), inner(images) / 4)
    assert Tempered(inner, 4.0).network is inner


@pytest.mark.parametrize("temperature", [0, -1.0])
def test_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Tempered(network(), temperature)


@pytest.mark.slow
def test_distil_brings_the_student_to_its_teacher_and_leaves_that_alone() -> None:
    teacher, student = network(), nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    before = copy.deepcopy(teacher.state_dict())
    optimizer = torch.optim.SGD(student.parameters(), lr=0.3)
    distil(student, teacher, loader(), optimizer, loss=F.mse_loss, epochs=400)
    images = loader().images
    torch.testing.assert_close(student(images), teacher(images), atol=0.02, rtol=0)
    for name, tensor in teacher.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(p.grad is None for p in teacher.parameters())


def test_predictions_are_the_largest_logits_without_a_graph() -> None:
    found = predictions(lambda images: images, torch.tensor([[0.0, 1.0], [3.0, 2.0]]))
    assert found.tolist() == [1, 0]
    assert not found.requires_grad
