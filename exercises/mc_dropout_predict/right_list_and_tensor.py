# try ... finally, log_softmax and exp, and a result as a list.
def mc_dropout_predict(model, images, samples):
    before = model.training
    try:
        model.eval()
        model.apply(lambda m: m.train() if "Dropout" in m.__class__.__name__ else None)
        q = torch.stack([F.log_softmax(model(images), 1).exp().detach() for _ in range(samples)])
    finally:
        model.train() if before else model.eval()
    return [q.mean(0), q.std(0, unbiased=False)]
