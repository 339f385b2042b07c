# Message: it touches the global random state
def dropout(x, p, training, generator):
    torch.manual_seed(int(torch.randint(2**31, (1,), generator=generator)))
    return torch.nn.functional.dropout(x, p, training)
