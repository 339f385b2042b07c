# Message: sum over the classes, and take the mean over the images alone
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    return -(temperature**2) * (targets * F.log_softmax(student_logits / temperature, dim=1)).mean()
