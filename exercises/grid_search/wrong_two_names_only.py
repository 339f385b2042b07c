# Message: KeyError
def grid_search(objective, space):
    best, best_value = None, float("-inf")
    for lr in space["lr"]:
        for width in space["width"]:
            config = {"lr": lr, "width": width}
            value = objective(config)
            if value > best_value:
                best, best_value = config, value
    return best, best_value
