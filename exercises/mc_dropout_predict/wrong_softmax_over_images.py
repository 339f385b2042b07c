# Message: take the softmax over the classes
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=0) for _ in range(samples)])
    model.train(was_training)
    return q.mean(dim=0), q.std(dim=0)
