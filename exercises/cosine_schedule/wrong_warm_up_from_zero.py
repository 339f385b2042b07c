# Message: step 0 should already have a rate above 0
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return base_lr * step / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return base_lr * (1 + math.cos(math.pi * progress)) / 2
