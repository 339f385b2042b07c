# Message: divide the logits of both by the temperature
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    return temperature**2 * F.cross_entropy(student_logits, targets)
