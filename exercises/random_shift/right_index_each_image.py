# Every image by itself, with index vectors.
def random_shift(images, max_pixels, generator):
    m, (h, w) = max_pixels, images.shape[-2:]
    result = torch.empty_like(images)
    for i in range(images.shape[0]):
        down, right = torch.randint(-m, m + 1, size=(2,), generator=generator).tolist()
        rows = [min(max(r - down, 0), h - 1) for r in range(h)]
        columns = [min(max(q - right, 0), w - 1) for q in range(w)]
        result[i] = images[i][:, rows][:, :, columns]
    return result
