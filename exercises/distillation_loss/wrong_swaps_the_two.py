# Message: student and teacher have changed places
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(student_logits / temperature, dim=1)
    return temperature**2 * F.cross_entropy(teacher_logits.detach() / temperature, targets)
