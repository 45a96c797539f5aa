"""Slips that type checkers find: each line with ``# error`` is one, the others are none. Checked, never run."""

import fastmix

loader = fastmix.DataLoader("photos", 8, 32, mixx=fastmix.Mixup(0.2))  # error
fastmix.DataLoader("photos", 8, 32, mix="mixup")  # error
fastmix.DataLoader("photos", 8, 32, last_batch="fill")  # error
fastmix.DataLoader("photos", "8", 32)  # error
fastmix.DataLoader("photos")  # error
fastmix.DataLoder("photos", 8, 32)  # error
loader.rank = 1  # error
loader.epoch = 3  # error
loader.load_state_dict(7)  # error
for images, _ in loader:
    images.permutee(0, 1)  # error
    plan = fastmix.Mixup(0.2).plan("8")  # error
