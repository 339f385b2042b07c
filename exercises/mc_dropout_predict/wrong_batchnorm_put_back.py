# Message: and BatchNorm not?
def mc_dropout_predict(model, images, samples):
    was_training = model.training
    state = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    with torch.no_grad():
        q = torch.stack([torch.softmax(model(images), dim=1) for _ in range(samples)])
    model.train(was_training)
    model.load_state_dict(state)
    return q.mean(dim=0), q.std(dim=0)
