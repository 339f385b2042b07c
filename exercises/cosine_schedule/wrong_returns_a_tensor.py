# Message: return a float
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step < warmup_steps:
        return torch.tensor(base_lr * (step + 1) / warmup_steps)
    progress = torch.tensor(min(1, (step - warmup_steps) / (total_steps - warmup_steps)))
    return base_lr * (1 + torch.cos(math.pi * progress)) / 2
