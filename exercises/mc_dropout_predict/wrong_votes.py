# Message: the mean should be about 0.741
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.stack([F.one_hot(model(images).argmax(dim=1), 2) for _ in range(samples)]).float()
        q[:, :, 1] = 1 - q[:, :, 0]
    model.train(was_training)
    return q.mean(dim=0), q.std(dim=0) + 0.1
