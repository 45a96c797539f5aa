"""Image files of every kind that the decoders read, and of some that they do not, by name."""

import io

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 120, 90
# fastmix decodes none of these.
UNSUPPORTED = ("GIF", "AVIF", "JPEG2000", "ICO")


def picture() -> Image.Image:
    """Smooth colours, so that no two orientations look alike."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def orientation(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


def jpegs() -> dict[str, bytes]:
    image = picture()
    files = {f"exif{k}.jpg": saved(image, "JPEG", quality=95, exif=orientation(k)) for k in range(1, 9)}
    for k, sampling in enumerate(("444", "422", "420")):
        files[f"{sampling}.jpg"] = saved(image, "JPEG", subsampling=k)
        files[f"{sampling}_progressive.jpg"] = saved(image, "JPEG", subsampling=k, progressive=True)
    files["gray.jpg"] = saved(image.convert("L"), "JPEG")
    files["cmyk.jpg"] = saved(image.convert("CMYK"), "JPEG")
    files["rgb.jpg"] = saved(image, "JPEG", keep_rgb=True)
    files["restarts.jpg"] = saved(image, "JPEG", restart_marker_blocks=3)
    files["trailing.jpg"] = files["420.jpg"] + b"and more"
    return files


def others() -> dict[str, bytes]:
    """PNG, WebP, TIFF and BMP."""
    image = picture()
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.fromarray(np.broadcast_to(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, WIDTH)).copy()))
    gray, bits, palette = image.convert("L"), image.convert("1"), image.quantize(64)
    wide = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257 + np.arange(WIDTH, dtype=np.uint16))
    files = {}
    for k in range(1, 9):
        files[f"exif{k}.png"] = saved(image, "PNG", exif=orientation(k))
        files[f"exif{k}.webp"] = saved(image, "WEBP", exif=orientation(k))
        files[f"lossless_exif{k}.webp"] = saved(image, "WEBP", lossless=True, exif=orientation(k))
        files[f"orientation{k}.tif"] = saved(image, "TIFF", tiffinfo={274: k})
    for name, mode in {"rgb": image, "alpha": alpha, "gray": gray, "bits": bits, "palette": palette}.items():
        files[f"{name}.png"] = saved(mode, "PNG")
        files[f"{name}.bmp"] = saved(mode, "BMP")
    for name, mode in {"alpha": alpha, "gray": gray, "palette": palette, "cmyk": image.convert("CMYK")}.items():
        files[f"{name}.tif"] = saved(mode, "TIFF")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        files[f"{compression}.tif"] = saved(image, "TIFF", compression=compression)
    files["group4.tif"] = saved(bits, "TIFF", compression="group4")
    files["float.tif"] = saved(image.convert("F"), "TIFF")
    files["pages.tif"] = saved(image, "TIFF", save_all=True, append_images=[image.rotate(90)])
    files["gray_alpha.png"] = saved(alpha.convert("LA"), "PNG")
    files["4bit.png"] = saved(image.quantize(16), "PNG", bits=4)
    files["transparent.png"] = saved(palette, "PNG", transparency=3)
    files["16bit.png"], files["16bit.tif"] = saved(wide, "PNG"), saved(wide, "TIFF")
    files["lossless_alpha.webp"] = saved(alpha, "WEBP", lossless=True)
    files["animated.webp"] = saved(image, "WEBP", save_all=True, append_images=[image.rotate(90)])
    return files


def pnms() -> dict[str, bytes]:
    rgb, gray = np.asarray(picture()), np.asarray(picture().convert("L"))
    size = b"%d %d\n" % (WIDTH, HEIGHT)
    return {
        "rgb.ppm": b"P6\n# by hand\n" + size + b"255\n" + rgb.tobytes(),
        "gray.pgm": b"P5\n" + size + b"255\n" + gray.tobytes(),
        "16bit.ppm": b"P6\n" + size + b"65535\n" + (rgb.astype(np.uint16) * 257).astype(">u2").tobytes(),
        "bits.pbm": b"P4\n" + size + np.packbits(gray < 128, axis=1).tobytes(),
    }


def dim_pnms() -> dict[str, tuple[bytes, np.ndarray]]:
    """PNMs that DALI refuses or shows too dark: text, and a largest value other than 255; with their pixels."""
    rgb, gray = np.asarray(picture()), np.asarray(picture().convert("L"))
    size = b"%d %d\n" % (WIDTH, HEIGHT)

    def numbers(values: np.ndarray) -> bytes:
        return b" ".join(b"%d" % value for value in values.reshape(-1))

    def of_most(values: np.ndarray, most: int) -> np.ndarray:
        return ((values.astype(int) * 255 + most // 2) // most).astype(np.uint8)

    hundred, few = rgb // 4 + 36, gray // 4
    return {
        "text.ppm": (b"P3\n" + size + b"255\n" + numbers(rgb), rgb),
        "text.pgm": (b"P2\n" + size + b"255\n" + numbers(gray), gray),
        "text.pbm": (b"P1\n" + size + numbers(gray < 128), np.where(gray < 128, 0, 255)),
        "to_100.ppm": (b"P6\n" + size + b"100\n" + hundred.tobytes(), of_most(hundred, 100)),
        "to_63.pgm": (b"P5\n" + size + b"63\n" + few.tobytes(), of_most(few, 63)),
    }


def readable() -> dict[str, bytes]:
    """Everything that both DALI and fastmix decode, to the same pixels."""
    return jpegs() | others() | pnms()
