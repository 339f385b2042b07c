# Sums of the probabilities and of their squares, and a standard deviation that divides by S.
def mc_dropout_predict(model, images, samples):
    mode = model.training
    model.train(False)
    layers = [layer for layer in model.modules() if type(layer) is nn.Dropout]
    for layer in layers:
        layer.train(True)
    total, squares = 0.0, 0.0
    with torch.no_grad():
        for _ in range(samples):
            q = model(images).softmax(-1).double()
            total, squares = total + q, squares + q * q
    model.train(mode)
    mean = total / samples
    return mean.float(), (squares / samples - mean**2).clamp(min=0).sqrt().float()
