# Found by a search on one seed of the known pictures.
candidates = {"l1": [1e-3, 3e-3], "l2": [2e-2, 4e-2]}


def reward(penalty, lam):
    chosen = Recipe(penalty=lambda model: lam * penalty(model))
    return late_accuracy(train_seeds(faces.train, chosen, range(1)))


powers = {"l1": lambda w: w.abs(), "l2": lambda w: w.square()}
best_lambda = {
    name: max(
        values,
        key=lambda lam: reward(
            lambda model: sum(powers[name](w).sum() for w in model.parameters()), lam
        ),
    )
    for name, values in candidates.items()
}
