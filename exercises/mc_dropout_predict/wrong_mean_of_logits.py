# Message: that is the softmax of the mean logits
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        logits = torch.stack([model(images) for _ in range(samples)])
        q = torch.softmax(logits, dim=2)
    model.train(was_training)
    return torch.softmax(logits.mean(dim=0), dim=1), q.std(dim=0)
