"""What the lesson on hyper-parameter tuning says of its figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

import torch
from torch import Generator, nn

from claims.bounds import about, above, at_least, below, between, not_below
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import points
from claims.study import Study
from helpers.data import load_animal_faces
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import Recipe, accuracies_on, initialise, late_accuracy, train_seeds
from helpers.trials import Config, Objective, Recorder, TrialTable, pick_winners, train_table

RATES = [10 ** (-4 + k / 3) for k in range(13)]
FRICTIONS = [10 ** (-2 + k / 3) for k in range(7)]
RANGES = {"lr": (RATES[0], RATES[-1]), "friction": (FRICTIONS[0], FRICTIONS[-1])}
USELESS = {"lam": (1e-8, 1e-6), "batch_size": (30.0, 128.0)}
USUAL = {"lr": 0.01, "friction": 0.1}
SLOW = {"lr": 0.001, "friction": 0.1}
HELD_OUT = 1000
Measured = Callable[[Study], list[TrialTable]]


# --- the networks: all configurations, and one configuration from many first weights ---


def grid_tables(study: Study, images: ImageSet, step: int = 1) -> list[TrialTable]:
    """Return a table a seed of every step-th configuration."""
    recipe_for = study.method("recipe_for")
    configs = [{"lr": lr, "friction": friction} for friction in FRICTIONS for lr in RATES][::step]
    pairs = [(config, recipe_for(config)) for config in configs]
    return [train_table(images, pairs, seed, images=HELD_OUT) for seed in study.seeds]


def luck_tables(study: Study, images: ImageSet, recipe: Recipe) -> list[TrialTable]:
    """Return a table a seed of 16 networks that differ in their first weights alone."""
    starts = [
        ({"start": number}, replace(recipe, make_model=started(recipe.make_model, number)))
        for number in range(16)
    ]
    return [train_table(images, starts, seed, images=HELD_OUT) for seed in study.seeds]


def started(make_model: Callable[[], nn.Module], number: int) -> Callable[[], nn.Module]:
    """Return what makes a model with the first weights of this number."""
    return lambda: initialise(make_model, number)


def usual_recipe(study: Study) -> Recipe:
    """Return the lesson's recipe with the usual configuration."""
    recipe: Recipe = study.method("recipe_for")(USUAL)
    return recipe


def faces(study: Study) -> list[TrialTable]:
    """Train all configurations on drawn faces."""
    return grid_tables(study, load_animal_faces("faces").train)


def clothes(study: Study) -> list[TrialTable]:
    """Train every fourth configuration on photographs."""
    return grid_tables(study, load_fashion().train, step=4)


def luck(study: Study) -> list[TrialTable]:
    """Train the usual configuration on faces from many first weights."""
    return luck_tables(study, load_animal_faces("faces").train, usual_recipe(study))


def digits(study: Study) -> list[TrialTable]:
    """Train the usual configuration on digits from many first weights."""
    changed = replace(usual_recipe(study), train_images=100, make_model=study.method("digit_net"))
    return luck_tables(study, load_digit_images(), changed)


# --- section 1: the map ---


def mean_map(study: Study) -> dict[tuple[float, float], float]:
    """Return the accuracy of each configuration (rate, friction), in percent, over all seeds."""
    tables = study.measured(faces)
    columns = zip(*(table.accuracy() for table in tables), strict=True)
    places = ((config["lr"], config["friction"]) for config in tables[0].configs)
    return {place: 100 * fmean(values) for place, values in zip(places, columns, strict=True)}


def best_rate(study: Study, row: int) -> float:
    """Return the learning rate that is best with the friction of a row of the map."""
    values = mean_map(study)
    return max(RATES, key=lambda lr: values[lr, FRICTIONS[row]])


def best_rate_ratio(study: Study, high: int, low: int) -> float:
    """Return how many times as large the best rate is with the friction of a higher row."""
    return best_rate(study, high) / best_rate(study, low)


def lowest_row_inside(study: Study) -> list[float]:
    """Return the accuracies with friction 0.01 and rates from 0.0022 to 0.046, in percent."""
    values = mean_map(study)
    return [values[lr, FRICTIONS[0]] for lr in RATES[4:9]]


def unevenness_inside(study: Study) -> float:
    """Return by how many points the wedge rises and falls along its lowest row."""
    inside = lowest_row_inside(study)
    return max(inside) - min(inside)


def fall_at_the_cliff(study: Study) -> float:
    """Return by how many points accuracy is lower at rate 0.22 and friction 0.01 than inside."""
    return min(lowest_row_inside(study)) - mean_map(study)[RATES[10], FRICTIONS[0]]


def farthest_from_guessing(study: Study, column: int, rows: int) -> float:
    """Return how many points a rate is from guessing, at most, with the lowest frictions."""
    values = mean_map(study)
    return max(abs(values[RATES[column], friction] - 100 / 3) for friction in FRICTIONS[:rows])


def unevenness_along_the_left_edge(study: Study) -> float:
    """Return by how many points accuracy varies where rate over friction stays the same."""
    values = mean_map(study)
    along = [values[RATES[3 + k], FRICTIONS[k]] for k in range(1, 7)]
    return max(along) - min(along)


def fall_across_the_left_edge(study: Study, low: int, high: int) -> float:
    """Return by how many points rate 0.001 loses from the friction of one row to another."""
    values = mean_map(study)
    return values[RATES[3], FRICTIONS[low]] - values[RATES[3], FRICTIONS[high]]


def best_of_the_slowest(study: Study) -> float:
    """Return the best accuracy of the smallest rate with all but the lowest frictions."""
    values = mean_map(study)
    return max(values[RATES[0], friction] for friction in FRICTIONS[2:])


def bad_seeds_at_the_cliff(study: Study) -> float:
    """Return the share of seeds with which rate 0.22 and friction 0.01 stay below 40 %."""
    scores = [table.accuracy()[10] for table in study.measured(faces)]
    return fmean(score < 0.4 for score in scores)


def nearly_best_configurations(study: Study) -> int:
    """Return how many configurations are within two points of the best."""
    values = mean_map(study).values()
    return sum(value > max(values) - 2 for value in values)


# --- section 3: a grid against random search ---

Search = Callable[[Objective, Generator], tuple[Config, float]]
Space = dict[str, tuple[float, float]]


def found_by(search: Search, tables: list[TrialTable], images: int) -> list[float]:
    """Return what a search finds in each table, the mean of 30 times."""
    generator = Generator().manual_seed(0)
    return [
        fmean(search(table.objective(images=images), generator)[1] for _ in range(30))
        for table in tables
    ]


def found_by_grids(study: Study, tables: list[TrialTable], space: Space, count: int) -> list[float]:
    """Return what grids of so many values for each name find, each moved by a random amount."""
    grid_search, spread = study.method("grid_search"), study.method("spread")

    def search(objective: Objective, generator: Generator) -> tuple[Config, float]:
        shifts = torch.rand(len(space), generator=generator).tolist()
        moved = zip(space.items(), shifts, strict=True)
        lists = {name: spread(*ends, count, shift) for (name, ends), shift in moved}
        found: tuple[Config, float] = grid_search(objective, lists)
        return found

    return found_by(search, tables, 500)


def found_at_random(
    study: Study, tables: list[TrialTable], space: Space, trials: int, images: int = 500
) -> list[float]:
    """Return what random search finds in so many trials."""
    random_search = study.method("random_search")
    return found_by(
        lambda objective, generator: random_search(objective, space, trials, generator),
        tables,
        images,
    )


def gain_of_random(study: Study, measured: Measured, count: int, useless: bool) -> list[float]:
    """Return by how many points random search beats a grid of as many trials."""
    space = RANGES | USELESS if useless else RANGES
    tables = study.measured(measured)
    drawn = found_at_random(study, tables, space, count ** len(space))
    return points(drawn, found_by_grids(study, tables, space, count))


def effect_of_the_useless(study: Study) -> dict[str, list[float]]:
    """Return late accuracies without and with the strongest of what should do nothing."""

    def squares(model: nn.Module) -> Any:
        return 1e-6 * sum(p.square().sum() for p in model.parameters())

    images, plain = load_animal_faces("faces").train, usual_recipe(study)
    recipes = {
        "plain": plain,
        "L2": replace(plain, penalty=squares),
        "batch size": replace(plain, batch_size=30),
    }
    return {
        name: [late_accuracy([run]) for run in train_seeds(images, recipe, study.seeds)]
        for name, recipe in recipes.items()
    }


def effect_of(study: Study, name: str) -> list[float]:
    """Return by how many points a useless hyper-parameter changes the accuracy."""
    found = study.measured(effect_of_the_useless)
    return points(found[name], found["plain"])


# --- section 4: coordinate search ---


@dataclass(frozen=True)
class Walks:
    """What coordinate search finds in a table from every third configuration, and its best."""

    found: list[float]
    trials: float  # a walk, on average
    top: float


def walks(study: Study) -> list[Walks]:
    """Walk over the map of each seed, by 100 validation pictures."""
    search, space = study.method("coordinate_search"), study.method("full")
    return [walk(search, space, table) for table in study.measured(faces)]


def walk(search: Callable[..., Any], space: dict[str, list[float]], table: TrialTable) -> Walks:
    """Walk over one map."""
    recorder, starts = Recorder(table.objective(images=100)), table.configs[::3]
    found = [search(recorder, space, start, 10)[1] for start in starts]
    return Walks(found, len(recorder) / len(starts), max(table.accuracy(images=100)))


def walks_that_arrive(study: Study) -> list[float]:
    """Return the share of walks that reach the best of their map."""
    return [fmean(value == each.top for value in each.found) for each in study.measured(walks)]


def trials_of_a_walk(study: Study) -> float:
    """Return how many trials a walk takes on average."""
    return fmean(each.trials for each in study.measured(walks))


def gain_of_random_over_walks(study: Study) -> list[float]:
    """Return by how many points random search with as many trials finds more."""
    tables, trials = study.measured(faces), round(trials_of_a_walk(study))
    drawn = found_at_random(study, tables, RANGES, trials, images=100)
    return points(drawn, [fmean(each.found) for each in study.measured(walks)])


# --- section 5: Optuna ---


@dataclass(frozen=True)
class Searched:
    """Of three searches in each table: the mean of trials after the tenth, and the best trial."""

    late: list[float]
    best: list[float]


def by_tpe(study: Study) -> Searched:
    """Search with tree-structured Parzen estimators."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def search(objective: Objective, seed: int) -> None:
        sampler = optuna.samplers.TPESampler(seed=seed)
        optuna.create_study(direction="maximize", sampler=sampler).optimize(
            lambda trial: objective(
                {name: trial.suggest_float(name, *ends, log=True) for name, ends in RANGES.items()}
            ),
            n_trials=30,
        )

    return searched(study, search)


def by_chance(study: Study) -> Searched:
    """Search at random."""
    random_search = study.method("random_search")
    return searched(
        study,
        lambda objective, seed: random_search(objective, RANGES, 30, Generator().manual_seed(seed)),
    )


def searched(study: Study, search: Callable[[Objective, int], Any]) -> Searched:
    """Search three times in the table of each seed, by 100 validation pictures."""
    late, best = [], []
    for number, table in enumerate(study.measured(faces)):
        recorders = [Recorder(table.objective(images=100)) for _ in range(3)]
        for repeat, recorder in enumerate(recorders):
            search(recorder, 1000 + 10 * number + repeat)
        late.append(fmean(fmean(recorder.values[10:]) for recorder in recorders))
        best.append(fmean(max(recorder.values) for recorder in recorders))
    return Searched(late, best)


def gain_of_tpe(study: Study, quantity: str) -> list[float]:
    """Return by how many points TPE's late trials, or its best, are better than those of chance."""
    tpe, chance = study.measured(by_tpe), study.measured(by_chance)
    return points(getattr(tpe, quantity), getattr(chance, quantity))


# --- section 7: the winner of many trials ---


@dataclass(frozen=True)
class Winners:
    """The winners' mean accuracy for each seed, where chosen and on new images."""

    val: list[float]
    new: list[float]


def winners(study: Study, measured: Measured, trials: int, images: int) -> Winners:
    """Draw so many trials and validation images 60 times from each table."""
    val, new = [], []
    for seed, table in zip(study.seeds, study.measured(measured), strict=True):
        picked = pick_winners(
            table,
            trials=trials,
            val_images=images,
            draws=60,
            generator=Generator().manual_seed(seed),
        )
        val.append(fmean(winner.val for winner in picked))
        new.append(fmean(winner.new for winner in picked))
    return Winners(val, new)


def excess(study: Study, measured: Measured, trials: int, images: int) -> list[float]:
    """Return by how many points winners look better than they are."""
    found = winners(study, measured, trials, images)
    return points(found.val, found.new)


def excess_above_times(
    study: Study, measured: Measured, few: int, many: int, times: float
) -> float:
    """Return by how much the mean excess by few images is above so many times that by many."""
    small, large = (fmean(excess(study, measured, 16, images)) for images in (few, many))
    return small - times * large


def climb(
    study: Study, measured: Measured, trials: tuple[int, int], on: str, images: int = 30
) -> list[float]:
    """Return by how many points winners of more trials are better, on "val" or "new" images."""
    few, many = (getattr(winners(study, measured, count, images), on) for count in trials)
    return points(many, few)


def real_climb_above(study: Study, measured: Measured, share: float) -> float:
    """Return by how much the climb on new images is above a share of that where chosen."""
    real, apparent = (fmean(climb(study, measured, (4, 16), on)) for on in ("new", "val"))
    return real - share * apparent


# --- section 8: the test set ---


def tested(study: Study) -> dict[str, list[float]]:
    """Return test accuracies of the tuned, the usual and a slow configuration, from new seeds."""
    values, recipe_for = mean_map(study), study.method("recipe_for")
    lr, friction = max(values, key=lambda place: values[place])
    configs = {"tuned": {"lr": lr, "friction": friction}, "usual": USUAL, "slow": SLOW}
    animals, first = load_animal_faces("faces"), study.seeds.start + 500
    new = range(first, first + 2 * len(study.seeds))
    return {
        name: accuracies_on(train_seeds(animals.train, recipe_for(config), new), animals.test)
        for name, config in configs.items()
    }


def score_gain(study: Study, better: str, worse: str) -> list[float]:
    """Return by how many points one configuration is better than another on test pictures."""
    scores = study.measured(tested)
    return points(scores[better], scores[worse])


POOLS: dict[str, Measured] = {
    "a search on faces": faces,
    "luck on faces": luck,
    "a search on clothes": clothes,
    "luck on digits": digits,
}

CLAIMS = (
    *(
        Claim(
            f"A larger friction needs a rate at least as large (rows {low} and {high})",
            1,
            partial(best_rate_ratio, high=high, low=low),
            at_least(1),
        )
        for low, high in ((0, 2), (2, 4), (4, 6))
    ),
    Claim(
        "A small friction makes good for a small learning rate",
        1,
        partial(best_rate_ratio, high=6, low=0),
        above(10),
    ),
    Claim("The wedge is flat between its edges", 1, unevenness_inside, below(6)),
    Claim(
        "At friction 0.01 the accuracy already falls at rate 0.22",
        1,
        fall_at_the_cliff,
        above(5),
    ),
    Claim(
        "At rate 0.46 training explodes, but with hardly any momentum",
        1,
        partial(farthest_from_guessing, column=11, rows=5),
        below(6),
        says=("and the accuracy falls to 33 %",),
    ),
    Claim(
        "At rate 1 training explodes",
        1,
        partial(farthest_from_guessing, column=12, rows=4),
        below(3),
    ),
    Claim(
        "Along the left edge rate over friction stays the same",
        1,
        unevenness_along_the_left_edge,
        below(8),
    ),
    *(
        Claim(
            f"Across the left edge accuracy falls (rows {low} to {high})",
            1,
            partial(fall_across_the_left_edge, low=low, high=high),
            above(3),
        )
        for low, high in ((0, 3), (3, 6))
    ),
    Claim("To the left training is too slow", 1, best_of_the_slowest, below(45)),
    Claim(
        "At the cliff the lucky cell is bad with most seeds",
        4,
        bad_seeds_at_the_cliff,
        at_least(0.7),
        says=("over ten other seeds the same configuration stayed below 40 % with most of them",),
    ),
    Claim(
        "20 to 30 configurations are within two points of the best",
        1,
        nearly_best_configurations,
        between(15, 35),
        says=("20 to 30 of the 91 configurations are within two points of the best",),
    ),
    Claim(
        "A grid is better where both hyper-parameters matter",
        3,
        partial(gain_of_random, measured=faces, count=4, useless=False),
        below(0, errors=1),
    ),
    Claim(
        "A grid is only a little better where both hyper-parameters matter",
        3,
        partial(gain_of_random, measured=faces, count=4, useless=False),
        above(-0.7),
    ),
    *(
        part
        for count in (2, 3)
        for part in (
            Claim(
                f"Random search beats a grid of {count} values where two of four do nothing",
                3,
                partial(gain_of_random, measured=faces, count=count, useless=True),
                above(0, errors=1),
            ),
            Claim(
                f"Random search finds about one point more than a grid of {count} values there",
                3,
                partial(gain_of_random, measured=faces, count=count, useless=True),
                between(0.4, 1.8),
                says=(
                    "**random search** finds about one point more",
                    "We measured the same over {ten} other seeds",
                ),
            ),
        )
    ),
    Claim(
        "Random search beats a grid on clothes too where two of four do nothing",
        3,
        partial(gain_of_random, measured=clothes, count=2, useless=True),
        above(0, errors=1),
    ),
    Claim(
        "The useless penalty does nothing",
        3,
        partial(effect_of, name="L2"),
        about(0, slack=0.2),
    ),
    Claim(
        "The useless batch size does nothing",
        3,
        partial(effect_of, name="batch size"),
        about(0, slack=1e-3),
    ),
    Claim(
        "Many walks get stuck, and many do not",
        4,
        walks_that_arrive,
        between(0.25, 0.7),
    ),
    Claim(
        "About 30 % of the walks reach the best of their map",
        4,
        walks_that_arrive,
        about(0.3, errors=3),
        says=("Over {ten} other seeds", "about {30} % of the walks reached the best of their map"),
    ),
    Claim(
        "A walk takes about as many trials as k times d a round",
        4,
        trials_of_a_walk,
        between(30, 45),
    ),
    Claim(
        "Random search with as many trials finds no less than walks",
        4,
        gain_of_random_over_walks,
        not_below(0, errors=1),
    ),
    Claim(
        "Random search with as many trials finds more by less than half a point",
        4,
        gain_of_random_over_walks,
        below(0.5),
        says=("found slightly more, by less than {half a} point",),
    ),
    Claim(
        "TPE's trials after the tenth are better",
        5,
        partial(gain_of_tpe, quantity="late"),
        above(0, errors=1),
    ),
    Claim(
        "TPE's trials after the tenth are a few points better",
        5,
        partial(gain_of_tpe, quantity="late"),
        above(2),
    ),
    Claim(
        "TPE finds nothing much better",
        5,
        partial(gain_of_tpe, quantity="best"),
        about(0, slack=1),
    ),
    Claim(
        "TPE finds what is better by half a point or less",
        5,
        partial(gain_of_tpe, quantity="best"),
        below(0.5),
        says=("over {ten} other seeds we measured {half a} point or less",),
    ),
    *(
        part
        for pool, measured in POOLS.items()
        for part in (
            Claim(
                f"The winner by 30 images is too good: {pool}",
                7,
                partial(excess, measured=measured, trials=16, images=30),
                above(0, errors=1),
            ),
            Claim(
                f"The winner by 30 images is too good by several points: {pool}",
                7,
                partial(excess, measured=measured, trials=16, images=30),
                above(3),
            ),
            Claim(
                f"A single trial is not too good: {pool}",
                7,
                partial(excess, measured=measured, trials=1, images=30),
                about(0, errors=3, slack=0.5),
            ),
            Claim(
                f"The excess shrinks from 30 to 100 validation images: {pool}",
                7,
                partial(excess_above_times, measured=measured, few=30, many=100, times=1.5),
                above(0),
            ),
            Claim(
                f"The excess shrinks from 100 to 500 validation images: {pool}",
                7,
                partial(excess_above_times, measured=measured, few=100, many=500, times=4 / 3),
                above(0),
            ),
            Claim(
                f"By 500 images the excess is small: {pool}",
                7,
                partial(excess, measured=measured, trials=16, images=500),
                below(2),
            ),
            Claim(
                f"More trials climb where the winner is chosen: {pool}",
                7,
                partial(climb, measured=measured, trials=(4, 16), on="val"),
                above(0, errors=1),
            ),
            Claim(
                f"On new images the winners climb less: {pool}",
                7,
                partial(
                    real_climb_above, measured=measured, share=0.75 if measured is digits else 0.5
                ),
                below(0),
            ),
        )
    ),
    Claim(
        "Some first weights are really better for digits",
        7,
        partial(climb, measured=digits, trials=(1, 16), on="new"),
        above(0, errors=1),
    ),
    *(
        Claim(
            f"The best of 64 by {images} pictures is about {value} points too good",
            7,
            partial(excess, measured=faces, trials=64, images=images),
            about(value, errors=3, slack=0.5),
            says=(phrase,),
        )
        for images, value, phrase in (
            (
                30,
                10,
                "Over {ten} other seeds, the best of 64 was too good by about {10} points with 30",
            ),
            (100, 5, "by {5} with 100"),
            (500, 1, "and by {1} with 500"),
        )
    ),
    Claim(
        "The first eight trials of a search find something",
        7,
        partial(climb, measured=faces, trials=(1, 8), on="new"),
        above(4),
    ),
    Claim(
        "The later trials of a search find little",
        7,
        partial(climb, measured=faces, trials=(8, 64), on="new"),
        below(2),
    ),
    Claim(
        "The best of 16 first weights seems to gain about six points",
        7,
        partial(climb, measured=luck, trials=(1, 16), on="val"),
        about(6, errors=3, slack=0.5),
        says=('the best of 16 already "gains" about {6} points with 30 validation pictures',),
    ),
    Claim(
        "Next to nothing of that is left on new pictures",
        7,
        partial(climb, measured=luck, trials=(1, 16), on="new"),
        below(1),
    ),
    Claim(
        "By 500 pictures some first weights are really better",
        7,
        partial(climb, measured=luck, trials=(1, 16), on="new", images=500),
        above(0, errors=1),
    ),
    Claim(
        "By 500 pictures some first weights are better by one point or so",
        7,
        partial(climb, measured=luck, trials=(1, 16), on="new", images=500),
        between(0.3, 2),
        says=("With 500 pictures one point or so remains",),
    ),
    Claim(
        "Tuning does not beat the usual setting",
        8,
        partial(score_gain, better="tuned", worse="usual"),
        about(0, slack=1.5),
        says=("the difference is within a point or two",),
    ),
    *(
        part
        for name in ("tuned", "usual")
        for part in (
            Claim(
                f"A learning rate too small does worse than the {name} setting",
                8,
                partial(score_gain, better=name, worse="slow"),
                above(0, errors=1),
            ),
            Claim(
                f"A learning rate too small does worse than the {name} setting by several points",
                8,
                partial(score_gain, better=name, worse="slow"),
                above(4),
            ),
        )
    ),
)

SETTINGS = (
    "each of them three times",
    "this is 9 points with 30 pictures, and 2 points with 500",
    "Repeat it 100 times for each seed",
    "Our best model has 68 % accuracy",
    "Each has a standard deviation of about 5 points",
    "a learning rate ten times smaller",
)
