# Message: chance does not come from `generator` alone
def dropout(x, p, training, generator):
    return torch.nn.functional.dropout(x, p, training)
