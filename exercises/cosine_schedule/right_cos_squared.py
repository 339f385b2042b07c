# Uses cos²(x / 2) = (1 + cos x) / 2, and clamps the progress to 1 instead of asking for the end.
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    if step + 1 <= warmup_steps:
        return float(base_lr * (step + 1) / warmup_steps)
    progress = min(1.0, (step - warmup_steps) / (total_steps - warmup_steps))
    return base_lr * math.cos(progress * math.pi / 2) ** 2
