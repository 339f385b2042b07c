# Message: that is the softmax of the mean logits
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=1) for _ in range(samples)])
    model.train(was_training)
    with torch.no_grad():
        mean = torch.softmax(model.eval()(images), dim=1)
    model.train(was_training)
    return mean, q.std(dim=0)
