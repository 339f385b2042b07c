# Message: softmax runs over the classes, dim=1
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=0)
    found = F.log_softmax(student_logits / temperature, dim=0)
    return -(temperature**2) * (targets * found).sum(dim=1).mean()
