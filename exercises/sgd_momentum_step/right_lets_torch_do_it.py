# Hands the work to torch.optim.SGD, with the velocity as its momentum buffer.
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    parameter = torch.nn.Parameter(w.detach().clone())
    optimizer = torch.optim.SGD([parameter], lr=lr, momentum=momentum)
    optimizer.state[parameter]["momentum_buffer"] = velocity.detach().clone()
    parameter.grad = grad.clone()
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter]["momentum_buffer"]
