# Message: the targets are probabilities
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = teacher_logits.detach() / temperature
    return temperature**2 * F.cross_entropy(student_logits / temperature, targets)
