# Writes the sum over the classes out.
def distillation_loss(student_logits, teacher_logits, temperature):
    with torch.no_grad():
        wanted = F.softmax(teacher_logits / temperature, dim=-1)
    log_probabilities = F.log_softmax(student_logits / temperature, dim=-1)
    per_image = -(wanted * log_probabilities).sum(dim=-1)
    return per_image.mean() * temperature * temperature
