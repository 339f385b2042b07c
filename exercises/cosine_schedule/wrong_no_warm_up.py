# Message: the warm-up is missing
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    return base_lr * (1 + math.cos(math.pi * min(1.0, step / total_steps))) / 2
