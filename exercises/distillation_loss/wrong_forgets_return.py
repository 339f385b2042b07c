# Message: it returns nothing
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    loss = temperature**2 * F.cross_entropy(student_logits / temperature, targets)
