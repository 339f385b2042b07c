"""All that trains gives on every device of this machine what it gives on the CPU.

Where there is no GPU, this shows no more than that the same seeds give the same again.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from helpers.data import BatchLoader, normalize
from helpers.data.images import ImageSet
from helpers.experiments import Recipe, Run, accuracies_on, initialise, make_task, train_seeds
from helpers.gradients import gradient_noise
from helpers.mixing import train_mixed_seeds
from helpers.models import MLP
from helpers.robustness import AttackedLoader, Tempered, distil, sign_noise
from helpers.seeding import set_device, temporary_seed
from helpers.training import fit
from helpers.trials import train_table

pytestmark = pytest.mark.slow

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
SEEDS = range(3)


def precise_net() -> nn.Module:
    return MLP((48, 6, 3)).double()  # so that the order of a sum hardly shows


def l1(model: nn.Module) -> Tensor:
    return 0.01 * torch.stack([p.abs().sum() for p in model.parameters()]).sum()


def add_noise(images: Tensor, generator: torch.Generator) -> Tensor:
    return images + 0.1 * torch.randn(images.shape, generator=generator).to(images)


def mix_with_reverse(
    images: Tensor, targets: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    share = torch.rand((), generator=generator).to(images)
    mixed = share * images + (1 - share) * images.flip(0)
    return mixed, share * targets + (1 - share) * targets.flip(0)


RECIPE = Recipe(
    train_images=10,
    val_images=12,
    epochs=4,
    lr=0.05,
    momentum=0.9,
    batch_size=16,
    make_model=lambda: MLP((48, 6, 3)),
)
RECIPES = {
    "full batches": RECIPE,
    "batches": replace(RECIPE, batch_size=4),
    "penalty": replace(RECIPE, penalty=l1),
    "augmentation": replace(RECIPE, augment=add_noise),
}


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)


def assert_same_runs(ours: list[Run], oracles: list[Run]) -> None:
    for run, oracle in zip(ours, oracles, strict=True):
        assert run.seed == oracle.seed
        for name, values in vars(run.history).items():
            theirs = torch.tensor(getattr(oracle.history, name))
            torch.testing.assert_close(torch.tensor(values), theirs, rtol=1e-4, atol=1e-5, msg=name)
        for value, other in zip(run.model.parameters(), oracle.model.parameters(), strict=True):
            torch.testing.assert_close(value.cpu(), other.cpu(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", RECIPES)
def test_runs_trained_together_are_those_of_the_cpu(
    dataset: ImageSet, device: torch.device, kind: str
) -> None:
    ours = train_seeds(dataset, RECIPES[kind], SEEDS, device=device)
    assert {p.device.type for run in ours for p in run.model.parameters()} == {device.type}
    assert_same_runs(ours, train_seeds(dataset, RECIPES[kind], SEEDS))


@pytest.mark.parametrize("kind", RECIPES)
def test_runs_trained_together_are_those_of_the_plain_loop(
    dataset: ImageSet, device: torch.device, kind: str
) -> None:
    alone = []
    for seed in SEEDS:
        task = make_task(dataset, RECIPES[kind], seed, device)
        loaders = task.train_loader, task.val_loader
        history = fit(task.model, *loaders, task.optimizer, epochs=4, penalty=task.penalty)
        alone.append(Run(seed, task.model, history))
    assert_same_runs(train_seeds(dataset, RECIPES[kind], SEEDS, device=device), alone)


def test_dropout_repeats_itself(dataset: ImageSet, device: torch.device) -> None:
    recipe = replace(RECIPE, make_model=lambda: MLP((48, 6, 3), dropout=[0.5]))
    first, second = (train_seeds(dataset, recipe, SEEDS, device=device) for _ in range(2))
    assert_same_runs(first, second)


def test_mixed_runs_are_those_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    ours = train_mixed_seeds(dataset, RECIPE, SEEDS, mix_with_reverse, device=device)
    assert_same_runs(ours, train_mixed_seeds(dataset, RECIPE, SEEDS, mix_with_reverse))


def test_accuracies_are_those_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    runs = train_seeds(dataset, RECIPE, SEEDS, device=device)
    found = accuracies_on(runs, dataset)
    for run in runs:
        run.model.cpu()
    assert found == accuracies_on(runs, dataset)


def test_a_table_of_trials_is_that_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    recipes = [({"lr": lr}, replace(RECIPE, lr=lr)) for lr in (0.01, 0.05)]
    ours, oracle = (
        train_table(dataset, recipes, 0, images=30, device=place) for place in (device, "cpu")
    )
    assert ours.correct.equal(oracle.correct)


def assert_same_as_cpu(device: torch.device, compute: Callable[[torch.device], Tensor]) -> None:
    """Assert that `compute` finds on `device` what it finds on the CPU."""
    found, oracle = compute(device).cpu(), compute(torch.device("cpu"))
    torch.testing.assert_close(found, oracle, rtol=1e-4, atol=1e-7)  # images come in float32


def test_gradient_noise_is_that_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    def compute(place: torch.device) -> Tensor:
        images, labels = normalize(dataset.images).double().to(place), dataset.labels.to(place)
        return torch.tensor(
            gradient_noise(
                initialise(precise_net, 0).to(place),
                images,
                labels,
                batch_size=4,
                draws=5,
                generator=torch.Generator().manual_seed(0),
            )
        )

    assert_same_as_cpu(device, compute)


def test_training_on_attacks_is_that_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    def attack(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        images = images.detach().requires_grad_()
        loss = nn.functional.cross_entropy(model(images), labels)
        (gradient,) = torch.autograd.grad(loss, images)
        return (images + 0.1 * gradient.sign()).detach()

    def compute(place: torch.device) -> Tensor:
        model = initialise(precise_net, 0).to(place)
        plain = BatchLoader(dataset, batch_size=20, device=place)
        plain.images = plain.images.double()
        loader = AttackedLoader(plain, model, attack)
        history = fit(model, loader, loader, SGD(model.parameters(), lr=0.01), epochs=2)
        return torch.tensor([history.train_loss, history.val_loss])

    assert_same_as_cpu(device, compute)


def test_distillation_is_that_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    def loss(student: Tensor, teacher: Tensor) -> Tensor:
        return (student - teacher).square().mean()

    def compute(place: torch.device) -> Tensor:
        teacher = Tempered(initialise(precise_net, 0), 3.0).to(place)
        student = initialise(precise_net, 1).to(place)
        loader = BatchLoader(dataset, batch_size=20, device=place)
        loader.images = loader.images.double()
        optimizer = SGD(student.parameters(), lr=0.1)
        distil(student, teacher, loader, optimizer, loss=loss, epochs=3)
        return torch.cat([p.detach().flatten() for p in student.parameters()])

    assert_same_as_cpu(device, compute)


def test_noise_is_that_of_the_cpu(dataset: ImageSet, device: torch.device) -> None:
    images = normalize(dataset.images)
    assert_same_as_cpu(
        device,
        lambda place: sign_noise(images.to(place), 0.1, generator=torch.Generator().manual_seed(0)),
    )


def test_a_temporary_seed_leaves_the_generator_of_the_device_alone(device: torch.device) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3, device=device)
    torch.manual_seed(0)
    with temporary_seed(7):
        torch.rand(5, device=device)
    assert torch.rand(3, device=device).equal(expected)


def test_the_device_that_is_asked_for_is_chosen(
    device: torch.device, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set_device(device.type) == device
    assert ("GPU" in capsys.readouterr().out) == (device.type == "cuda")
