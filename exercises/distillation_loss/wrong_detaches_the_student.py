# Message: no gradient reaches the student
def distillation_loss(student_logits, teacher_logits, temperature):
    with torch.no_grad():
        targets = torch.softmax(teacher_logits / temperature, dim=1)
        return temperature**2 * F.cross_entropy(student_logits / temperature, targets)
