# Message: it is wrong for temperature
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / 2, dim=1)
    return 4 * F.cross_entropy(student_logits / 2, targets)
