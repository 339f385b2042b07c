# A sorted list of places, in plain Python.
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    places = [
        (abs(value), which, position)
        for which, p in enumerate(matrices)
        for position, value in enumerate(p.detach().flatten().tolist())
    ]
    places.sort()
    count = round(fraction * len(places))
    with torch.no_grad():
        for _, which, position in places[:count]:
            matrices[which].view(-1)[position] = 0.0
    return count
