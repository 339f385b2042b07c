# Message: the teacher gets a gradient too
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits / temperature, dim=1)
    return temperature**2 * F.cross_entropy(student_logits / temperature, targets)
