# Message: multiply by the square of the temperature
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    return F.cross_entropy(student_logits / temperature, targets)
