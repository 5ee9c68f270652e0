"""Made-up pictures with the statistics of photographs: 1/f detail, hard edges, gradients and sensor noise."""

import numpy as np
from PIL import Image, ImageDraw


def scene(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """An RGB picture. The same generator state gives the same picture."""
    image = Image.fromarray(_clouds(rng, width, height))
    _draw_shapes(ImageDraw.Draw(image), rng, width, height)
    noise = rng.normal(0, 4, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def alpha(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A mask with clear, opaque and half-clear parts."""
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((width * 0.05, height * 0.05, width * 0.95, height * 0.95), fill=255)
    draw.rectangle((width * 0.3, height * 0.3, width * 0.6, height * 0.5), fill=int(rng.integers(40, 200)))
    return mask


def _clouds(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Noise whose amplitude falls with the frequency, as in photographs, with channels that agree for the most part."""
    # A large picture gets its finest detail from the noise that is added last; transforming 12 megapixels takes long.
    coarse = max(1, max(width, height) // 1024)
    w, h = -(-width // coarse), -(-height // coarse)
    frequency = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None, :])
    frequency[0, 0] = np.inf if w * h > 1 else 1
    shared = rng.normal(size=(h, w))
    planes = []
    for _ in range(3):
        spectrum = np.fft.rfft2(shared + 0.5 * rng.normal(size=(h, w))) / frequency ** rng.uniform(0.8, 1.3)
        plane = np.fft.irfft2(spectrum, s=(h, w))
        planes.append(128 + 55 * (plane - plane.mean()) / (plane.std() or 1) + rng.uniform(-30, 30))
    small = np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)) if coarse > 1 else small


def _draw_shapes(draw: ImageDraw.ImageDraw, rng: np.random.Generator, width: int, height: int) -> None:
    for _ in range(int(rng.integers(4, 12))):
        xs, ys = np.sort(rng.uniform(0, width, 2)), np.sort(rng.uniform(0, height, 2))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        box = (xs[0], ys[0], xs[1], ys[1])
        match rng.integers(4):
            case 0:
                draw.ellipse(box, fill=colour)
            case 1:
                draw.rectangle(box, outline=colour)
            case 2:
                draw.line(box, fill=colour, width=int(rng.integers(1, 4)))
            case _:
                corners = rng.uniform(0, 1, (3, 2)) * (width, height)
                draw.polygon([(float(x), float(y)) for x, y in corners], fill=colour)
