"""Plans and what draws them: who is mixed with whom, and how much of each image is kept.

===================  ===============================================================================================
``mix_plan.py``      ``MixPlan``: what happens to the samples of one batch
``multiway.py``      ``MultiwayPlan`` and ``DirichletMix``: up to four samples at once
``policies.py``      ``Policy`` and its kinds by weight and box: ``Mixup``, ``CutMix``, ``HMix``, ``Choice``
``mask_policies.py`` the kinds by masks: ``GridMix``, ``SmoothMix``, ``GMix``, ``FMix``
``weights.py``       laws of the weight: ``Beta``, ``Uniform``, ``Fixed``
``boxes.py``         rules that place a box: ``Clipped``, ``Inside``, ``Cuboid``, ...
``pairings.py``      partners by distance, by weight, from a second batch
``schedules.py``     ``Scheduled``: a policy that changes with the epoch
``draw_key.py``      checks what a draw is a function of: seed, epoch, step, rank, offset
``masks.py``         the caller's masks as levels, and the label weights they amount to
``dropping.py``      a plan without some of its samples
``stored_plan.py``   what all plans do alike: files, text, digests
``files.py``         plans as JSON and NPZ
``description.py``   plans as a table for the eye
===================  ===============================================================================================
"""
