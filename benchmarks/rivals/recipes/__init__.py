"""Published training recipes through several loaders: rivals ``recipes.NAME:recipe=RECIPE``.

=================  =================================================================================================
``references.py``  each recipe as its reference has it: torchvision's or timm's classes on Pillow images
``fastmix.py``     fastmix's loader with the recipe; ``plain=yes`` for the same crops, flips and mixing alone
``pillow.py``      torch's DataLoader over the reference
``timm.py``        timm's ``create_loader``
``dali.py``        DALI's pipeline with ``nvidia.dali.auto_aug``, mixed with torch expressions
=================  =================================================================================================

With DINO's recipe the images are the views of 224 pixels, (B, 2, 3, 224, 224); each rival has made those of 96 too.
"""

RECIPES = ("v2", "randaugment", "deit", "dino")
