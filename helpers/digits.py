"""A small real data set that needs no download: handwritten digits, shipped with scikit-learn."""

import torch

from helpers.data.images import ImageSet


def load_digit_images() -> ImageSet:
    """Return 1,797 grey images (n, 1, 8, 8) of the digits 0 to 9.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = torch.from_numpy(digits.images)[:, None]  # (n, 1, 8, 8), from 0 to 16
    return ImageSet(
        (images * (255 / 16)).round().to(torch.uint8),
        torch.from_numpy(digits.target).long(),
        tuple(str(digit) for digit in range(10)),
    )
