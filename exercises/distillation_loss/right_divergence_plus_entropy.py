# Cross-entropy is the divergence from the targets plus their own entropy.
def distillation_loss(student_logits, teacher_logits, temperature):
    wanted = F.log_softmax(teacher_logits.detach() / temperature, dim=1)
    found = F.log_softmax(student_logits / temperature, dim=1)
    divergence = F.kl_div(found, wanted, reduction="batchmean", log_target=True)
    entropy = -(wanted.exp() * wanted).sum(dim=1).mean()
    return (divergence + entropy) * temperature**2
