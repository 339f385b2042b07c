"""Images of a data set, as they are."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor


def plot_image_grid(axes: Axes, images: Tensor, *, titles: Sequence[str], columns: int = 6) -> Axes:
    """Draw uint8 images (n, 3, height, width) as one sheet, row by row, with a title under each."""
    pictures = images.cpu().permute(0, 2, 3, 1).numpy()  # (n, height, width, 3)
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    gap, caption = 2, 7 * (1 + max(title.count("\n") for title in titles)) - 1
    sheet = np.full((rows * (height + caption), columns * (width + gap), 3), 255, np.uint8)
    for position, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        top = position // columns * (height + caption)
        left = position % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
        axes.text(left + width / 2, top + height + 1, title, ha="center", va="top", fontsize=9)
    axes.imshow(sheet)
    axes.set_axis_off()
    return axes


def plot_picture(axes: Axes, image: Tensor, *, title: str) -> Axes:
    """Draw one image (3, height, width), floats in [-1, 1], without blurring its pixels.

    Numbers outside of that range are drawn as its ends.
    """
    pixels = image.detach().cpu().clamp(-1, 1).permute(1, 2, 0) / 2 + 0.5  # (height, width, 3)
    axes.imshow(pixels.numpy(), interpolation="nearest")
    axes.set_title(title, fontsize=11)
    axes.set_axis_off()
    return axes
