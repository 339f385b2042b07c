# Message: all passes are alike
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    passes = []
    with torch.no_grad():
        for _ in range(samples):
            torch.manual_seed(0)
            passes.append(torch.softmax(model(images), dim=1))
    model.train(was_training)
    q = torch.stack(passes)
    return q.mean(dim=0), q.std(dim=0)
