# Message: it returns nothing
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step < warmup_steps:
        lr = base_lr * (step + 1) / warmup_steps
    else:
        progress = min(1, (step - warmup_steps) / (total_steps - warmup_steps))
        lr = base_lr * (1 + math.cos(math.pi * progress)) / 2
