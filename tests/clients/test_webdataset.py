"""webdataset reads what ``fastmix pack`` writes."""

import numpy as np
import pytest
from PIL import Image

import fastmix as fm
from fastmix.loader.sources.kinds import open_source

webdataset = pytest.importorskip("webdataset")
pytest.importorskip("fastmix._jpeg", reason="built without libjpeg-turbo")


def test_webdataset_reads_packed_shards(photos, tmp_path):
    packed = fm.pack(photos, tmp_path, shards="60KB", jobs=1)
    paths = sorted(map(str, tmp_path.glob("*.tar")))
    samples = list(webdataset.WebDataset(paths, shardshuffle=False).decode("pil").to_tuple("jpg", "cls"))
    assert len(paths) == packed.shards > 1 and len(samples) == packed.samples == 96
    source = open_source(photos)
    assert [label for _, label in samples] == source.labels.values.tolist()
    for i, (image, _) in enumerate(samples):
        with Image.open(source.path(i)) as original:
            assert np.array_equal(np.asarray(image), np.asarray(original))
