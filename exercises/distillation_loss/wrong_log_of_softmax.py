# Message: log_softmax
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    found = torch.softmax(student_logits / temperature, dim=1).log()
    return -(temperature**2) * (targets * found).sum(dim=1).mean()
