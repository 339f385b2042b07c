# Makes the whole table of rates with numpy and looks the step up in it.
def cosine_schedule(step, total_steps, base_lr, warmup_steps):
    import numpy as np

    rise = np.arange(1, warmup_steps + 1) / max(warmup_steps, 1)
    fall = (1 + np.cos(np.linspace(0, np.pi, total_steps - warmup_steps + 1))) / 2
    table = np.concatenate([rise, fall])
    return float(base_lr * table[min(step, total_steps)])
