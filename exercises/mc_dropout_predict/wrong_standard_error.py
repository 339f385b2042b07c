# Message: the std should be about 0.241
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=1) for _ in range(samples)])
    model.train(was_training)
    return q.mean(dim=0), q.std(dim=0) / samples**0.5
