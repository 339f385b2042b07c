# Message: that is the divergence; cross-entropy has no log of the teacher
def distillation_loss(student_logits, teacher_logits, temperature):
    wanted = F.softmax(teacher_logits.detach() / temperature, dim=1)
    found = F.log_softmax(student_logits / temperature, dim=1)
    return temperature**2 * F.kl_div(found, wanted, reduction="batchmean")
