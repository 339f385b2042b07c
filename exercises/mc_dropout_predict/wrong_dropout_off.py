# Message: all passes are alike
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=1) for _ in range(samples)])
    model.train(was_training)
    return q.mean(dim=0), q.std(dim=0)
