"""Do once what torch prepares at its first use, which takes it seconds.

Imported before a fork, it is prepared in every forked process.
"""

import torch
from torch import nn

from course.grading.border import torch_values


def _train_one_step() -> None:
    torch.manual_seed(0)  # it notes the stack, for which it reads the source of torch
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.Linear(1, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = model(torch.ones(1, 1, 1, 1)).abs().sum()
    torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
    loss.backward()
    optimizer.step()
    torch.allclose(loss, loss)


torch.set_num_threads(1)  # threads would not survive a fork
_train_one_step()
torch_values.generator_state(torch.default_generator)
