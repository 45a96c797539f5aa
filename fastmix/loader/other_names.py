"""Arguments that other loaders and their transforms have, and which of ours stands for each."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

_WINDOW = "augment= takes fastmix.augment.Compose([RandomResizedCrop(scale, ratio), RandomHorizontalFlip()])"
_POLICY = "augment= takes a policy such as fastmix.augment.RandAugment()"
_ERASING = "augment= takes fastmix.augment.RandomErasing, alone or in a Compose"
_MIX = "mix= takes a policy such as fastmix.Mixup(0.2) or fastmix.CutMix(1.0)"
_SIZE = "size= is the side of the images, or (height, width)"
_STATISTICS = "mean= and std= normalise, in units of the full pixel range"

_OURS = {
    "scale": _WINDOW,
    "ratio": _WINDOW,
    "hflip": _WINDOW,
    "vflip": "augment= takes fastmix.augment.RandomVerticalFlip, alone or in a Compose",
    "color_jitter": "augment= takes fastmix.augment.ColorJitter, alone or in a Compose",
    **dict.fromkeys(("auto_augment", "aa", "augmentation", "transform", "transforms", "pipelines"), _POLICY),
    **dict.fromkeys(("reprob", "re_prob", "re_mode", "re_count", "random_erase", "random_erasing"), _ERASING),
    **dict.fromkeys(("mixup", "mixup_alpha", "cutmix", "cutmix_alpha", "mixup_fn"), _MIX),
    **dict.fromkeys(("input_size", "img_size", "image_size", "resolution", "crop_size"), _SIZE),
    **dict.fromkeys(("normalize", "normalization"), _STATISTICS),
    "label_smoothing": "smoothing= smooths the labels",
    "is_training": "train= is training or evaluation",
    "num_aug_repeats": "repeats= repeats samples within an epoch",
    "num_replicas": "world_size= is the number of ranks",
    "shard_id": "rank= is this process's rank",
    "num_shards": "world_size= is the number of ranks",
    "indices": "sampler= takes indices, and torch.utils.data.Subset(...) may be the data",
    "epochs": "an iterator is one epoch; steps_per_epoch= sets its length",
}


def refuse_unknown(given: Collection[str], known: Collection[str]) -> None:
    """Refuse arguments that ``DataLoader`` does not have.

    Args:
        given: names of the arguments to check.
        known: the names that ``DataLoader`` has.

    Raises:
        TypeError: an unknown name; the message says which argument stands for it, or which is spelled alike.
    """
    for name in given:
        if name in known:
            continue
        like = get_close_matches(name, known, 1, 0.7)
        hint = _OURS.get(name) or (f"did you mean {like[0]}=?" if like else "help(fastmix.DataLoader) lists them")
        raise TypeError(f"DataLoader: got an unexpected keyword argument {name!r}; {hint}")
