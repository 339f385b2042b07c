# With torch.nn.utils.prune, made permanent.
def magnitude_prune(model, fraction):
    from torch.nn.utils import prune

    places = [
        (module, name)
        for module in model.modules()
        for name, p in module.named_parameters(recurse=False)
        if p.dim() > 1
    ]
    total = sum(getattr(module, name).numel() for module, name in places)
    count = round(fraction * total)
    prune.global_unstructured(places, pruning_method=prune.L1Unstructured, amount=count)
    for module, name in places:
        prune.remove(module, name)
    return count
