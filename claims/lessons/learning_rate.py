"""What the lesson on the learning rate says of its figures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from claims.bounds import about, above, below, between, each, exactly, not_above
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import Group, percent, points, train_group
from claims.study import Study
from helpers.data import load_animal_faces, normalize, split
from helpers.experiments import Recipe, Run, initialise, late_accuracy, train_seeds
from helpers.gradients import gradient_noise, loss_gradient
from helpers.models import MLP, animal_net
from helpers.surfaces import descend, make_surface

LESS_MOMENTUM = 1 - 0.1**1.5
Groups = dict[str, Group]
Measured = Callable[[Study], Groups]


# --- section 1: the noise of a batch ---


def noises(study: Study) -> list[dict[int, float]]:
    """Return for each seed the noise by batch size, and under 0 the length of the gradient."""
    return [noise_of_seed(seed) for seed in study.seeds]


def noise_of_seed(seed: int) -> dict[int, float]:
    """Measure the gradients of an untrained network on 250 pictures."""
    pictures, _ = split(load_animal_faces("faces").train, (250, 100), seed=seed)
    net, images = initialise(animal_net, seed), normalize(pictures.images)
    generator = torch.Generator().manual_seed(seed)
    noise = {
        size: gradient_noise(
            net, images, pictures.labels, batch_size=size, draws=30, generator=generator
        )
        for size in (1, 16, 100)
    }
    return noise | {0: loss_gradient(net, images, pictures.labels).norm().item()}


def noise_ratio(study: Study, size: int, other: int) -> list[float]:
    """Return the noise of one batch size over that of another; 0 stands for the gradient."""
    return [noise[size] / noise[other] for noise in study.measured(noises)]


# --- section 2: the surface ---


def last_distance(study: Study, lr: float) -> float:
    """Return how far from the minimum 30 steps with all points end."""
    return float(distances(lr, 32, 30, seed=0)[-1])


def distances(lr: float, batch_size: int, steps: int, *, seed: int) -> Tensor:
    """Return the distance from the minimum after every step."""

    def step(w: Tensor, v: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        return w - lr * g, v

    start, surface = (-5.0, 3.0), make_surface(0)
    path = descend(surface, step, start, batch_size=batch_size, steps=steps, seed=seed)
    lengths: Tensor = path.norm(dim=1)
    return lengths


def cloud_widths(study: Study) -> dict[tuple[float, int], list[float]]:
    """Return how far from the minimum the last steps are, by rate and batch size, for each seed."""
    return {
        (lr, size): [
            float(distances(lr, size, 1200, seed=seed)[-200:].mean()) for seed in study.seeds
        ]
        for lr, size in ((0.3, 1), (0.3, 8), (0.05, 1))
    }


def cloud_shrinks(study: Study, lr: float, size: int) -> float:
    """Return how many times as wide the cloud of rate 0.3 and single points is."""
    widths = study.measured(cloud_widths)
    return fmean(widths[0.3, 1]) / fmean(widths[lr, size])


# --- sections 3 and 4: three rates, and why ---


def change_rate(first: float, then: float, after: int = 100) -> Callable[[int, Optimizer], None]:
    """Return what sets a rate, and another one after some steps."""

    def before_step(step: int, optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            group["lr"] = first if step < after else then

    return before_step


def no_gradient_after_epoch_60(step: int, optimizer: Optimizer) -> None:
    """Set the gradients to zero from step 120 on."""
    if step >= 120:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad.zero_()


TRIALS: dict[str, dict[str, Any]] = {
    "small": {"lr": 5e-4},
    "middle": {"lr": 1e-3},
    "large": {"lr": 5e-3},
    "gentle": {"before_step": change_rate(5e-4, 5e-3)},
    "coasting": {"before_step": no_gradient_after_epoch_60},
    "less momentum": {"lr": 5e-3, "momentum": LESS_MOMENTUM},
    "braked": {"before_step": change_rate(5e-3, 5e-4, after=120)},
    "hardly any friction": {"lr": 5e-4, "momentum": 0.999},
}


def train(study: Study, data: Any, recipe: Recipe) -> Group:
    """Train one recipe from every seed."""
    return train_group(data.train, data.test, recipe, study.seeds)


def faces(study: Study) -> Groups:
    """Train the runs of sections 3 and 4, and two more of which the lesson asks."""
    data, recipe = load_animal_faces("faces"), study.method("recipe")
    return {
        name: train(study, data, replace(recipe, **changes)) for name, changes in TRIALS.items()
    }


def clothes(study: Study) -> Groups:
    """Train three of them on real photographs."""
    data, recipe = load_fashion(), study.method("recipe")
    names = ("small", "large", "less momentum")
    return {name: train(study, data, replace(recipe, **TRIALS[name])) for name in names}


def gain(study: Study, measured: Measured, better: str, worse: str) -> list[float]:
    """Return by how many points one group is better than another on test pictures."""
    groups = study.measured(measured)
    return points(groups[better].test, groups[worse].test)


def training(study: Study, group: str) -> list[float]:
    """Return training accuracies after the last epoch, in percent."""
    return percent(study.measured(faces)[group].final("train_accuracy"))


def epochs_to_learn(study: Study, group: str) -> float:
    """Return the median of the epoch in which all pictures are first known."""
    runs = study.measured(faces)[group].runs
    return median(run.history.train_accuracy.index(1.0) + 1 for run in runs)


def head_start(study: Study, first: str, second: str) -> float:
    """Return how many epochs earlier one group knows all pictures than another."""
    return epochs_to_learn(study, second) - epochs_to_learn(study, first)


def memories_to_learn(study: Study, group: str, momentum: float) -> float:
    """Return how many memories, 1 / (1 - momentum) steps each, the way to 100 % lasts."""
    return 2 * epochs_to_learn(study, group) * (1 - momentum)


def growth(study: Study, group: str) -> list[float]:
    """Return how many times as large as in the first epoch the norm is in the end."""
    histories = [run.history for run in study.measured(faces)[group].runs]
    return [history.norm[-1] / history.norm[0] for history in histories]


def norm(study: Study, group: str) -> list[float]:
    """Return the norm in the end."""
    return study.measured(faces)[group].final("norm")


def more_norm(study: Study, large: str, small: str) -> float:
    """Return by how much the mean norm of one group ends above that of another."""
    return fmean(norm(study, large)) - fmean(norm(study, small))


def more_growth(study: Study, large: str, small: str) -> float:
    """Return by how much more one group grows on average."""
    return fmean(growth(study, large)) - fmean(growth(study, small))


def norm_ratio(study: Study, group: str, other: str) -> float:
    """Return the mean norm of one group in the end over that of another."""
    return fmean(norm(study, group)) / fmean(norm(study, other))


# --- section 5: too small, too large ---


def scan(study: Study) -> dict[float, list[Run]]:
    """Train with six rates on the short budget."""
    images, short = load_animal_faces("faces").train, study.method("short")
    rates = (1e-3, 3e-3, 2e-2, 4e-2, 7e-2, 0.3)
    return {lr: train_seeds(images, replace(short, lr=lr), study.seeds) for lr in rates}


def scan_validation(study: Study, lr: float) -> list[float]:
    """Return late validation accuracies, in percent."""
    return percent(late_accuracy([run]) for run in study.measured(scan)[lr])


def scan_training(study: Study, lr: float) -> list[float]:
    """Return training accuracies after the last epoch, in percent."""
    return percent(run.history.train_accuracy[-1] for run in study.measured(scan)[lr])


def highest_loss(study: Study, lr: float) -> list[float]:
    """Return the highest training loss of each run."""
    return [max(run.history.train_loss) for run in study.measured(scan)[lr]]


def dead_units(study: Study, lr: float) -> list[float]:
    """Return the percentage of units that are off for all training pictures."""
    train = load_animal_faces("faces").train
    return [100 * share_of_dead_units(run, train) for run in study.measured(scan)[lr]]


def share_of_dead_units(run: Run, train: Any) -> float:
    """Return the fraction of dead units in the second hidden layer."""
    pictures, _ = split(train, (100, 200), seed=run.seed)
    assert isinstance(run.model, MLP)
    first, second, _ = run.model.linear_layers
    with torch.no_grad():
        hidden = torch.relu(first(normalize(pictures.images).flatten(1)))
        return float((second(hidden) <= 0).all(dim=0).double().mean())


# --- sections 6 and 7: schedules and batch sizes, at the same number of steps ---


def batches(study: Study) -> Groups:
    """Train with three batch sizes, and the smallest with two schedules."""
    data, noisy, schedule = faces_data(), study.method("noisy"), study.method("cosine_schedule")

    def following(warmup: int) -> Recipe:
        def before_step(step: int, optimizer: Optimizer) -> None:
            for group in optimizer.param_groups:
                group["lr"] = schedule(step, 300, 0.1, warmup)

        recipe: Recipe = replace(noisy, before_step=before_step)
        return recipe

    recipes = {
        "250": replace(noisy, epochs=300, batch_size=250, shuffle=False),
        "50": replace(noisy, epochs=60, batch_size=50),
        "10": noisy,
        "cosine": following(0),
        "warm-up": following(30),
    }
    return {name: train(study, data, recipe) for name, recipe in recipes.items()}


def faces_data() -> Any:
    """Return the drawn faces."""
    return load_animal_faces("faces")


def largest_rises(study: Study, group: str) -> list[float]:
    """Return by how much each training loss rises in an epoch of the second half, at most."""
    curves = [run.history.train_loss[6:] for run in study.measured(batches)[group].runs]
    return [max(b - a for a, b in pairwise(curve)) for curve in curves]


def rise_above_three_times(study: Study, schedule: str) -> float:
    """Return by how much the mean rise without a schedule is above three times that with one."""
    with_schedule = max(0.0, fmean(largest_rises(study, schedule)))
    return fmean(largest_rises(study, "10")) - 3 * with_schedule


def final_losses(study: Study, group: str) -> list[float]:
    """Return the training loss after the last epoch."""
    return study.measured(batches)[group].final("train_loss")


def worst_end(study: Study, schedule: str) -> float:
    """Return by how much the worst final loss without a schedule is above that with one."""
    return max(final_losses(study, "10")) - max(final_losses(study, schedule))


def lucky_end(study: Study) -> float:
    """Return by how much the median of the final loss is lower without a schedule."""
    return median(final_losses(study, "cosine")) - median(final_losses(study, "10"))


CLAIMS = (
    *(
        Claim(
            f"Single images are {size**0.5:g} times as noisy as batches of {size}",
            1,
            partial(noise_ratio, size=1, other=size),
            between(0.9 * size**0.5, 1.1 * size**0.5),
        )
        for size in (16, 100)
    ),
    Claim(
        "The noise of a single image is about ten times as long as the gradient",
        1,
        partial(noise_ratio, size=1, other=0),
        about(10, slack=3),
        says=("With a single image the noise is about {ten} times as long as the gradient",),
    ),
    Claim(
        "The noise of 100 images and the gradient are about alike",
        1,
        partial(noise_ratio, size=100, other=0),
        between(0.7, 1.4),
        says=("it takes a batch of about 100 to make the two alike",),
    ),
    Claim("Rate 0.05 hardly moves", 2, partial(last_distance, lr=0.05), above(4)),
    Claim("Rate 1.8 arrives", 2, partial(last_distance, lr=1.8), below(0.1)),
    Claim("Rate 2.1 moves away", 2, partial(last_distance, lr=2.1), above(30)),
    Claim(
        "A larger batch shrinks the cloud",
        2,
        partial(cloud_shrinks, lr=0.3, size=8),
        above(1.5),
    ),
    Claim(
        "A smaller rate shrinks the cloud",
        2,
        partial(cloud_shrinks, lr=0.05, size=1),
        above(1.5),
    ),
    *(
        Claim(
            f"Every run with the {rate} rate learns every picture",
            3,
            partial(training, group=rate),
            exactly(100),
        )
        for rate in ("small", "middle", "large")
    ),
    Claim(
        "The largest rate learns the pictures after about 60 epochs",
        4,
        partial(epochs_to_learn, group="large"),
        between(45, 70),
        says=("With 0.005 the pictures are learnt after about 60 epochs",),
    ),
    *(
        Claim(
            f"The {first} rate learns before the {second} one",
            3,
            partial(head_start, first=first, second=second),
            above(0),
        )
        for first, second in (("large", "middle"), ("middle", "small"))
    ),
    *(
        part
        for other in ("small", "middle")
        for part in (
            Claim(
                f"The largest rate is worse than the {other} one on test pictures",
                3,
                partial(gain, measured=faces, better=other, worse="large"),
                above(0, errors=1),
            ),
            Claim(
                f"The largest rate is worse than the {other} one for nearly every seed",
                3,
                partial(gain, measured=faces, better=other, worse="large"),
                each(above(0), nearly=True),
            ),
        )
    ),
    Claim(
        "The norm nearly doubles with the largest rate",
        3,
        partial(growth, group="large"),
        between(1.77, 1.97),
        says=("the norm of its parameters nearly doubles",),
    ),
    Claim(
        "The norm grows little with the middle rate",
        3,
        partial(growth, group="middle"),
        below(1.35),
    ),
    Claim(
        "The norm grows less with the small rate than with the middle one",
        3,
        partial(more_growth, large="middle", small="small"),
        above(0),
    ),
    Claim(
        "With a gentle start the norm grows even more",
        4,
        partial(more_norm, large="gentle", small="large"),
        above(0),
    ),
    Claim(
        "A gentle start does not help",
        4,
        partial(gain, measured=faces, better="gentle", worse="small"),
        below(0, errors=1),
    ),
    Claim(
        "Without any gradient the norm grows to about the same size",
        4,
        partial(norm_ratio, group="coasting", other="large"),
        about(1, slack=0.05),
    ),
    Claim(
        "Rolling blindly loses training accuracy",
        4,
        partial(training, group="coasting"),
        below(95),
    ),
    Claim(
        "Rolling blindly is worse than steering",
        4,
        partial(gain, measured=faces, better="large", worse="coasting"),
        above(5),
    ),
    Claim(
        "The same friction gives the same norm to within a few percent",
        4,
        partial(norm_ratio, group="less momentum", other="small"),
        about(1, slack=0.05),
        says=("ends at the norm of the small rate, to within a few percent",),
    ),
    Claim(
        "The same friction gives no lower accuracy",
        4,
        partial(gain, measured=faces, better="less momentum", worse="small"),
        above(-0.5),
    ),
    Claim(
        "Less momentum cures the large rate",
        4,
        partial(gain, measured=faces, better="less momentum", worse="large"),
        above(0, errors=1),
    ),
    Claim(
        "In the bad case learning lasts about one memory",
        4,
        partial(memories_to_learn, group="large", momentum=0.99),
        below(1.3),
        says=("learns the pictures within about one memory of 100 steps",),
    ),
    *(
        Claim(
            f"In a good case ({group}) learning lasts several memories",
            4,
            partial(memories_to_learn, group=group, momentum=momentum),
            above(3),
        )
        for group, momentum in (("small", 0.99), ("less momentum", LESS_MOMENTUM))
    ),
    Claim(
        "Braking once the pictures are learnt ends with a norm of about 9.9",
        4,
        partial(norm, group="braked"),
        about(9.9, slack=0.3),
        says=(
            "(Over {ten} other seeds the rate 0.0005",
            "ended with a norm of {9.9} instead of 13.8",
        ),
    ),
    Claim(
        "Without braking the norm ends at about 13.8",
        4,
        partial(norm, group="large"),
        about(13.8, slack=0.4),
        says=("ended with a norm of 9.9 instead of {13.8}",),
    ),
    Claim(
        "Braking saves most of the accuracy",
        4,
        partial(gain, measured=faces, better="braked", worse="large"),
        above(0, errors=1),
    ),
    Claim(
        "Braked networks end 1.1 points below the small rate",
        4,
        partial(gain, measured=faces, better="small", worse="braked"),
        about(1.1, errors=3),
        says=("and {1.1} points below the small rate instead of 2.8",),
    ),
    Claim(
        "Networks that are not braked end 2.8 points below the small rate",
        4,
        partial(gain, measured=faces, better="small", worse="large"),
        about(2.8, errors=3),
        says=("and 1.1 points below the small rate instead of {2.8}",),
    ),
    Claim(
        "Momentum of 0.999 makes the norm larger than in the bad case",
        4,
        partial(more_norm, large="hardly any friction", small="large"),
        above(0),
    ),
    Claim(
        "Momentum of 0.999 is worse",
        4,
        partial(gain, measured=faces, better="small", worse="hardly any friction"),
        above(0, errors=1),
    ),
    Claim(
        "The largest rate loses on clothes too",
        4,
        partial(gain, measured=clothes, better="small", worse="large"),
        above(0, errors=1),
    ),
    Claim(
        "The largest rate loses about 1.4 points on clothes",
        4,
        partial(gain, measured=clothes, better="small", worse="large"),
        about(1.4, errors=3),
        says=("is below 0.0005 on the test set by about {1.4} points",),
    ),
    Claim(
        "Less momentum cures it on clothes too",
        4,
        partial(gain, measured=clothes, better="less momentum", worse="large"),
        above(0, errors=1),
    ),
    Claim(
        "With less momentum the large rate is as good as the small one on clothes",
        4,
        partial(gain, measured=clothes, better="less momentum", worse="small"),
        about(0, slack=0.5),
    ),
    *(
        part
        for lr in (1e-3, 3e-3)
        for part in (
            Claim(f"Rate {lr} has not learnt yet", 5, partial(scan_training, lr=lr), below(80)),
            Claim(
                f"The loss never rises with rate {lr}",
                5,
                partial(highest_loss, lr=lr),
                each(below(1.2)),
            ),
            Claim(f"Rate {lr} does badly", 5, partial(scan_validation, lr=lr), below(60)),
        )
    ),
    Claim("The loss rises with rate 0.3", 5, partial(highest_loss, lr=0.3), above(1.5)),
    Claim("Rate 0.3 does badly", 5, partial(scan_validation, lr=0.3), below(60)),
    Claim("With rate 0.3 many units die", 5, partial(dead_units, lr=0.3), above(30)),
    Claim("With rate 0.04 few units die", 5, partial(dead_units, lr=4e-2), below(10)),
    *(
        Claim(
            f"The good rate {lr} reaches about 68 percent",
            5,
            partial(scan_validation, lr=lr),
            about(68, slack=2),
            says=("Good rates reach about {68} %",),
        )
        for lr in (2e-2, 4e-2, 7e-2)
    ),
    Claim(
        "Moderate noise neither helps nor harms",
        7,
        partial(gain, measured=batches, better="50", worse="250"),
        about(0, slack=0.5),
        says=("to within a few tenths of a point",),
    ),
    Claim(
        "The strongest noise does not help",
        7,
        partial(gain, measured=batches, better="10", worse="250"),
        not_above(0, errors=1),
    ),
    *(
        part
        for schedule in ("cosine", "warm-up")
        for part in (
            Claim(
                f"The loss jumps less with {schedule}",
                6,
                partial(rise_above_three_times, schedule=schedule),
                above(0),
            ),
            Claim(
                f"The worst run ends lower with {schedule}",
                6,
                partial(worst_end, schedule=schedule),
                above(0),
            ),
        )
    ),
    Claim("A constant rate with luck ends with a lower loss", 6, lucky_end, above(0)),
    Claim(
        "Warm-up changes little",
        6,
        partial(gain, measured=batches, better="warm-up", worse="cosine"),
        about(0, slack=1),
    ),
    Claim(
        "The constant rate ends 1.8 points below the full batch",
        7,
        partial(gain, measured=batches, better="250", worse="10"),
        about(1.8, errors=3),
        says=("we measured {1.8} ± {1.0} points below $B$ = 250 for the constant rate",),
    ),
    Claim(
        "The cosine ends 1.3 points above the constant rate",
        7,
        partial(gain, measured=batches, better="cosine", worse="10"),
        about(1.3, errors=3),
        says=("and {1.3} ± {1.0} points above the constant rate for the cosine",),
    ),
)

SETTINGS = (
    "only ten times more exact",
    "ten times more curved",
    "when training accuracy is 100 %",
    "a ten times longer run",
    "The way to 100 %",
    "ten times smaller",
    "ten times shorter",
    "B = 10 takes 25 times as many steps",
)
