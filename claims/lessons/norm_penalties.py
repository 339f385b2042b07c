"""What the lesson on norm penalties says of its figures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import fmean

from torch import Tensor, nn

from claims.bounds import about, above, below, each, exactly, not_above
from claims.claim import Claim
from claims.measuring import Group, differences, percent, points, train_group
from claims.study import Study
from helpers.data import load_animal_faces
from helpers.digits import load_digit_images
from helpers.experiments import late_accuracy, train_seeds
from helpers.training.loop import Penalty

PENALISED = ("L1", "L2", "both")
PENALTIES = ("L1", "L2")
STRENGTHS = (1e-4, 1e-3, 1e-2)


def weighted(strength: float, regularizer: Callable[[nn.Module], Tensor]) -> Penalty:
    """Return a penalty of this strength."""
    return lambda model: strength * regularizer(model)


# --- faces: the runs of section 5, and those with far too large a strength ---


def faces(study: Study) -> dict[str, Group]:
    """Train without and with each penalty."""
    l1, l2, best = study.method("l1_reg"), study.method("l2_reg"), study.method("best_lambda")
    penalties: dict[str, Penalty | None] = {
        "none": None,
        "L1": weighted(best["l1"], l1),
        "L2": weighted(best["l2"], l2),
        "both": lambda model: 1e-3 * l1(model) + 1e-3 * l2(model),
        "too much L1": weighted(3e-2, l1),
        "too much L2": weighted(2e-1, l2),
    }
    data, recipe = load_animal_faces("faces"), study.method("recipe")
    return {
        name: train_group(data.train, data.test, replace(recipe, penalty=penalty), study.seeds)
        for name, penalty in penalties.items()
    }


def final(study: Study, group: str, quantity: str) -> list[float]:
    """Return what was measured after the last epoch."""
    return study.measured(faces)[group].final(quantity)


def validation(study: Study, group: str) -> list[float]:
    """Return late validation accuracies, in percent."""
    return percent(study.measured(faces)[group].validation)


def gain(study: Study, better: str, worse: str, on: str) -> list[float]:
    """Return by how many points one group is better than another."""
    groups = study.measured(faces)
    return points(groups[better].accuracies(on), groups[worse].accuracies(on))


def shrinkage(study: Study, small: str, large: str) -> list[float]:
    """Return by how much the norm of one group ends below that of another."""
    return differences(final(study, large, "norm"), final(study, small, "norm"))


def growth(study: Study, group: str) -> list[float]:
    """Return by how much the norm grows from the first epoch to the last."""
    histories = [run.history for run in study.measured(faces)[group].runs]
    return [history.norm[-1] - history.norm[0] for history in histories]


def tiny_parameters(group: Group) -> list[int]:
    """Return how many parameters of each model are practically zero."""
    return [
        sum(int((parameter.abs() < 1e-3).sum()) for parameter in run.model.parameters())
        for run in group.runs
    ]


def times_more_tiny_parameters(study: Study) -> list[float]:
    """Return how many times as many parameters are practically zero with L1 as without."""
    groups = study.measured(faces)
    pairs = zip(tiny_parameters(groups["L1"]), tiny_parameters(groups["none"]), strict=True)
    return [penalised / max(plain, 1) for penalised, plain in pairs]


# --- digits: section 7 ---


def digits(study: Study) -> dict[tuple[str, float], list[float]]:
    """Return late validation accuracies by penalty and strength; that without is ("none", 0)."""
    regularizers = {"L1": study.method("l1_reg"), "L2": study.method("l2_reg")}
    penalties = {
        (name, strength): weighted(strength, regularizers[name])
        for name in PENALTIES
        for strength in STRENGTHS
    }
    images, recipe = load_digit_images(), study.method("digit_recipe")
    found = {}
    for key, penalty in {("none", 0.0): None, **penalties}.items():
        runs = train_seeds(images, replace(recipe, penalty=penalty), study.seeds)
        found[key] = [late_accuracy([run]) for run in runs]
    return found


def digit_gain(study: Study, penalty: str, strength: float) -> list[float]:
    """Return by how many points a penalty is better than none."""
    accuracies = study.measured(digits)
    return points(accuracies[penalty, strength], accuracies["none", 0.0])


def lead_over_the_worst_other(study: Study) -> float:
    """Return by how many points the mean gain of the strongest L1 is above the lowest other one."""
    means = {
        (name, strength): fmean(digit_gain(study, name, strength))
        for name in PENALTIES
        for strength in STRENGTHS
    }
    strongest = means.pop(("L1", STRENGTHS[-1]))
    return strongest - min(means.values())


claim = partial(Claim, seeds=range(1000, 1020))

CLAIMS = (
    claim(
        "Every plain network learns its pictures by heart",
        2,
        partial(final, group="none", quantity="train_accuracy"),
        exactly(1),
        says=("The training curve reaches 100 %",),
    ),
    claim(
        "Validation of the plain network stays far below, for every seed",
        2,
        partial(validation, group="none"),
        each(below(80)),
    ),
    claim(
        "Validation of the plain network stays far below, on average",
        2,
        partial(validation, group="none"),
        below(60),
    ),
    *(
        claim(
            f"{penalty} helps on {on} pictures",
            5 if on == "validation" else 6,
            partial(gain, better=penalty, worse="none", on=on),
            above(0, errors=1),
        )
        for penalty in PENALISED
        for on in ("validation", "test")
    ),
    *(
        claim(
            f"L1 helps more than L2 on {on} pictures",
            5 if on == "validation" else 6,
            partial(gain, better="L1", worse="L2", on=on),
            above(0),
        )
        for on in ("validation", "test")
    ),
    claim(
        "L1 gains about five points on test pictures",
        6,
        partial(gain, better="L1", worse="none", on="test"),
        about(5.4, errors=3),
        says=(
            "over {20} other seeds",
            "gains of {5.4} and 4.1 points on the test pictures, each uncertain by about {0.8}",
        ),
    ),
    claim(
        "L2 gains about four points on test pictures",
        6,
        partial(gain, better="L2", worse="none", on="test"),
        about(4.1, errors=3),
        says=("gains of 5.4 and {4.1} points on the test pictures, each uncertain by about {0.8}",),
    ),
    *(
        claim(
            f"Far {name} does worse than none",
            3 if name.endswith("L1") else 4,
            partial(gain, better="none", worse=name, on="validation"),
            above(0, errors=1),
        )
        for name in ("too much L1", "too much L2")
    ),
    *(
        claim(
            f"{penalty} leaves a smaller network than none, for every seed",
            5,
            partial(shrinkage, small=penalty, large="none"),
            each(above(0)),
        )
        for penalty in PENALISED
    ),
    claim(
        "L2 leaves a smaller network than L1, for every seed",
        6,
        partial(shrinkage, small="L2", large="L1"),
        each(above(0)),
    ),
    claim("The plain network grows", 5, partial(growth, group="none"), each(above(0))),
    *(
        claim(f"The network with {name} shrinks", 5, partial(growth, group=name), each(below(0)))
        for name in PENALISED
    ),
    claim(
        "L1 makes many more parameters practically zero, for every seed",
        5,
        times_more_tiny_parameters,
        each(above(3)),
    ),
    *(
        claim(
            f"{penalty} of strength {strength:g} does not beat the plain network on digits",
            7,
            partial(digit_gain, penalty=penalty, strength=strength),
            not_above(0, errors=1),
        )
        for penalty in PENALTIES
        for strength in STRENGTHS
    ),
    *(
        claim(
            f"The weakest {penalty} changes nothing on digits",
            7,
            partial(digit_gain, penalty=penalty, strength=STRENGTHS[0]),
            about(0, slack=0.2),
        )
        for penalty in PENALTIES
    ),
    claim(
        "The strongest L1 hurts on digits",
        7,
        partial(digit_gain, penalty="L1", strength=STRENGTHS[-1]),
        below(-20),
    ),
    claim(
        "The strongest L1 hurts most on digits",
        7,
        lead_over_the_worst_other,
        below(0),
    ),
)

SETTINGS = (
    "each step repeats 99 % of the one before",
    "one run's accuracy is uncertain by about 5 points",
    "the gradient does not vanish at 100 %",
    "is already 1 % of the validation set",
)
