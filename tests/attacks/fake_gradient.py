# How: gives gradients of wrong shapes and kinds for values that are right.
import torch

import course.grading.student.process as student


def square(x):
    return x * x


# Right but for gradients, which are all the attack is about.
student.Graphs.product = lambda self, number, grad: [torch.ones(7, 3), "x"]
