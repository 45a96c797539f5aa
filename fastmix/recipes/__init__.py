"""Published training recipes as plain data, which ``DataLoader(recipe=...)`` applies.

======================  ============================================================================================
``recipe.py``           ``Recipe``, with ``Evaluation`` and ``View``
``sizes.py``            ``SizeRamp``: the images' side by epoch
``notes.py``            sentences about differences that several recipes share
``torchvision.py``      torchvision's references and NVIDIA's examples
``timm.py``             A1, A2, A3 and "ra"
``transformers.py``     DeiT, DeiT III, Swin, ConvNeXt, MAE's fine-tuning
``ffcv.py``             FFCV's ResNets, 16 to 88 epochs
``cifar.py``            CIFAR
``self_supervised.py``  SimCLR, BYOL, MoCo v3, DINO
======================  ============================================================================================
"""

from fastmix.recipes.cifar import (
    CIFAR,
    CIFAR_AUTOAUGMENT,
    CIFAR_CUTOUT,
)
from fastmix.recipes.ffcv import (
    FFCV_RN18_16,
    FFCV_RN18_24,
    FFCV_RN18_32,
    FFCV_RN18_40,
    FFCV_RN18_56,
    FFCV_RN18_88,
    FFCV_RN50_16,
    FFCV_RN50_24,
    FFCV_RN50_32,
    FFCV_RN50_40,
    FFCV_RN50_56,
    FFCV_RN50_88,
)
from fastmix.recipes.recipe import Evaluation, Recipe, View
from fastmix.recipes.self_supervised import (
    BYOL,
    DINO,
    MOCO_V3,
    SIMCLR,
)
from fastmix.recipes.sizes import SizeRamp
from fastmix.recipes.timm import (
    TIMM_A1,
    TIMM_A2,
    TIMM_A3,
    TIMM_RA,
)
from fastmix.recipes.torchvision import (
    NVIDIA_EFFICIENTNET_B0,
    NVIDIA_EFFICIENTNET_B4,
    NVIDIA_RESNET50,
    TORCHVISION_V1,
    TORCHVISION_V2,
)
from fastmix.recipes.transformers import (
    CONVNEXT,
    DEIT,
    DEIT3_BL,
    DEIT3_FINETUNE,
    DEIT3_H,
    DEIT3_IN21K,
    DEIT3_S,
    MAE_FINETUNE,
    SWIN,
)

__all__ = [
    "BYOL",
    "CIFAR",
    "CIFAR_AUTOAUGMENT",
    "CIFAR_CUTOUT",
    "CONVNEXT",
    "DEIT",
    "DEIT3_BL",
    "DEIT3_FINETUNE",
    "DEIT3_H",
    "DEIT3_IN21K",
    "DEIT3_S",
    "DINO",
    "FFCV_RN18_16",
    "FFCV_RN18_24",
    "FFCV_RN18_32",
    "FFCV_RN18_40",
    "FFCV_RN18_56",
    "FFCV_RN18_88",
    "FFCV_RN50_16",
    "FFCV_RN50_24",
    "FFCV_RN50_32",
    "FFCV_RN50_40",
    "FFCV_RN50_56",
    "FFCV_RN50_88",
    "MAE_FINETUNE",
    "MOCO_V3",
    "NVIDIA_EFFICIENTNET_B0",
    "NVIDIA_EFFICIENTNET_B4",
    "NVIDIA_RESNET50",
    "SIMCLR",
    "SWIN",
    "TIMM_A1",
    "TIMM_A2",
    "TIMM_A3",
    "TIMM_RA",
    "TORCHVISION_V1",
    "TORCHVISION_V2",
    "Evaluation",
    "Recipe",
    "SizeRamp",
    "View",
]
