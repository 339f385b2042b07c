# Message: ZeroDivisionError
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    rise = min(1.0, (step + 1) / warmup_steps)
    fall = min(1.0, max(0, step - warmup_steps) / (total_steps - warmup_steps))
    return base_lr * rise * (1 + math.cos(math.pi * fall)) / 2
