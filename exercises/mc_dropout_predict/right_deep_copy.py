# A copy of the model, so that the model itself is never touched.
def mc_dropout_predict(model, images, samples):
    import copy

    twin = copy.deepcopy(model).eval()
    for module in twin.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.softmax(torch.stack([twin(images) for _ in range(samples)]), dim=2)
    return q.mean(dim=0), q.var(dim=0).sqrt()
