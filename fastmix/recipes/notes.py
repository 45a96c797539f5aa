"""Sentences that several recipes share: where fastmix differs from their references."""

NEIGHBORS = "partners are neighbours in the random order; the reference rolls or flips the batch"
REPEATS = "all copies of a sample have the copies of one other sample as partners; in the reference, ranks draw others"
CUTMIX_SIDES = "CutMix boxes have every size; torchvision's sides are even"
TIMM_CUTMIX = "CutMix boxes follow the paper; timm 1.0.31 cuts odd sides off by up to one pixel"
TIMM_ROUNDING = "mixed images are not rounded to uint8; timm's FastCollateMixup rounds them"
POSTERIZE = "posterize with 0 bits gives a black image, as Pillow before 13; Pillow 13 raises an error"
INTER_AREA = (
    "resize: Pillow's bilinear filter; the reference uses OpenCV's INTER_AREA, which averages areas where it shrinks "
    "and interpolates linearly where it enlarges"
)
NVIDIA_RESIZE = "resize: Pillow's antialiased filter; DALI's decoder example does not antialias by default"
TF_RESIZE = "resize: Pillow's bicubic filter antialiases; the reference's does not, which differs by 3 to 4 levels"
TF_BLUR = "blur: Pillow's extended box blur; the reference's Gaussian has 23 taps and pads with zeros"
HSV = "colour: contrast is per channel and saturation in HSV in the reference; fastmix has Pillow's"
