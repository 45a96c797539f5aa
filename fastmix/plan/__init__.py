"""Plans, and the policies that draw them. A plan names each sample's partner and the weight of its own image.

===================  ===============================================================================================
``mix_plan.py``      ``MixPlan``: what happens to the samples of one batch
``multiway.py``      ``MultiwayPlan`` and ``DirichletMix``: up to four samples at once
``resident_plan.py`` ``ResidentPlan``: a plan in device memory, for CUDA graphs
``policies.py``      ``Policy``, and the policies that mix by weight or box: ``Mixup``, ``CutMix``, ``HMix``
``choice.py``        ``Choice``: one of several policies
``plan_function.py`` ``PlanFunction``: plans that your own function makes
``mask_policies.py`` policies that mix by mask: ``GridMix``, ``SmoothMix``, ``GMix``, ``FMix``
``weights.py``       distributions of the mixing weight: ``Beta``, ``Uniform``, ``Fixed``
``boxes.py``         rules that place a box: ``Clipped``, ``Inside``, ``Cuboid``, ...
``pairings.py``      partners by distance, by weight, from a second batch
``schedules.py``     ``Scheduled``: a policy that depends on the epoch
``draw_key.py``      ``DrawKey`` of batches, ``SampleKeys`` of samples; checks of sizes and groups
``masks.py``         the caller's masks as uint8 levels, and their label weights
``dropping.py``      drops samples from a plan
``rows.py``          the packed rows of plans
``stored_plan.py``   the base of plans: files, text, digests
``files.py``         plans as NPZ
``description.py``   plans as a table of text
===================  ===============================================================================================
"""
