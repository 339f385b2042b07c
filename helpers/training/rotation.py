"""Fewer inputs, same training: look at the images in a basis of the space that they span.

Thirty images of 3,072 pixels span at most thirty dimensions. Let the rows of X (n, d) be all images
a run ever sees, and X = Z Qᵀ with orthonormal columns Q (d, r), r ≤ n (a QR decomposition of Xᵀ).
The gradient of the loss by the first weight matrix W is Eᵀ X = (Eᵀ Z) Qᵀ for some E: its rows lie
in the span of Q. SGD, with or without momentum, adds up such gradients, so W(t) = V(t) Qᵀ + W⊥,
where V(t) = W(t) Q, and W⊥ = W(0) − W(0) Q Qᵀ never changes. The first layer computes
X W(t)ᵀ = Z V(t)ᵀ, because W⊥ Q = 0; and ∂L/∂V = Eᵀ Z is what plain training of V on Z sees.

So training V (h, r) on Z instead of W (h, d) on X gives the same run, with r columns in place of d.
It is not so for penalties and weight decay, which act on W⊥ too, nor for Adam, which scales each
entry on its own, nor for augmented images, which leave the span.
"""

import torch
from torch import Tensor, nn


class Rotation:
    """Express `images` (n, pixels) in a basis of their span: `coordinates` is (n, r), r ≤ n."""

    def __init__(self, images: Tensor) -> None:
        # In float64, so that the rounding of the basis stays below that of training in float32.
        basis, triangle = torch.linalg.qr(images.double().T)
        self.basis = basis.to(images.dtype)  # (pixels, r)
        self.coordinates = triangle.T.to(images.dtype).contiguous()  # (n, r)

    def enter(self, layer: nn.Linear) -> Tensor:
        """Give `layer` weights for coordinates instead of pixels; return W⊥, which it lacks."""
        weight = layer.weight.detach()
        inside = weight @ self.basis
        layer.weight.data = inside
        outside: Tensor = weight - inside @ self.basis.T
        return outside

    def leave(self, layer: nn.Linear, outside: Tensor) -> None:
        """Give `layer` weights for pixels again; `outside` is what `enter` returned."""
        layer.weight.data = outside + layer.weight.detach() @ self.basis.T
