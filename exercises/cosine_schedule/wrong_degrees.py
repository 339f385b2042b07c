# Message: radians
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step >= total_steps:
        return 0.0
    if step < warmup_steps:
        return base_lr * (step + 1) / warmup_steps
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return base_lr * (1 + math.cos(180 * progress)) / 2
