# A product of the two parts with torch for the cosine, turned into a float in the end.
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    rise = min(1.0, (step + 1) / max(1, warmup_steps))
    fall = min(1.0, max(0, step - warmup_steps) / (total_steps - warmup_steps))
    return (
        base_lr
        * rise
        * (1 + torch.cos(torch.tensor(math.pi * fall, dtype=torch.float64)).item())
        / 2
    )
