# Message: the model was in training mode, and afterwards it is not
def mc_dropout_predict(model, images, samples):
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=1) for _ in range(samples)])
    model.eval()
    return q.mean(dim=0), q.std(dim=0)
