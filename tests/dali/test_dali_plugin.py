"""Loading: once, lazily, under the right DALI only, before or after dynamic mode."""

import json
import os
import subprocess
import sys

import pytest

from fastmix.dali import plugin


def run_python(code: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_importing_fastmix_imports_no_dali():
    code = "import sys, fastmix, fastmix.dali; print('nvidia.dali' in sys.modules)"
    assert run_python(code).strip() == "False"


@pytest.mark.parametrize(
    "order",
    [
        "import nvidia.dali.experimental.dynamic as ndd; fastmix.dali.load(); fastmix.dali.load()",
        "fastmix.dali.load(); fastmix.dali.load(); import nvidia.dali.experimental.dynamic as ndd",
    ],
)
def test_dynamic_mode_before_or_after(order):
    code = f"import fastmix.dali; {order}; print(ndd.fastmix.mix.__name__, ndd.fastmix.random_resized_crop.__name__)"
    assert run_python(code).split() == ["mix", "random_resized_crop"]


def test_a_library_that_dali_has_preloaded_is_not_loaded_again():
    code = "import nvidia.dali.fn as fn, fastmix.dali; assert fn.fastmix.mix; fastmix.dali.load(); print('alive')"
    assert run_python(code, DALI_PRELOAD_PLUGINS=str(plugin.LIBRARY)).strip() == "alive"


def test_without_dali_the_error_names_the_package():
    code = (
        "import sys; sys.modules['nvidia.dali'] = None\n"
        "import fastmix.dali\n"
        "try: fastmix.dali.load()\n"
        "except ImportError as error: print(error)"
    )
    built = json.loads(plugin.BUILD.read_text())["dali"]
    text = run_python(code)
    assert f"expected NVIDIA DALI {built}" in text and "pip install 'fastmix[cuda13]'" in text


def test_the_loader_without_dali_names_the_extras():
    code = (
        "import sys; sys.modules['nvidia.dali'] = None\n"
        "import fastmix as fm\n"
        "try: fm.DataLoader\n"
        "except ImportError as error: print(error)"
    )
    assert "DataLoader: expected NVIDIA DALI, found none; pip install 'fastmix[cuda13]'" in run_python(code)


def test_another_version_is_refused_with_the_command(monkeypatch, tmp_path):
    record = tmp_path / "libdali_fastmix.json"
    record.write_text('{"dali": "1.0.0", "cuda": ""}')
    monkeypatch.setattr(plugin, "BUILD", record)
    with pytest.raises(
        ImportError,
        match=r"expected DALI 1\.0\.0.*got DALI 2.*install nvidia-dali-cuda1[23]0==1.0.0, or .*--no-build-isolation",
    ):
        plugin._load_library()


@pytest.mark.parametrize("name", ["LIBRARY", "BUILD"])
def test_a_missing_file_is_refused_with_the_command(name, monkeypatch, tmp_path):
    monkeypatch.setattr(plugin, name, tmp_path / "absent")
    with pytest.raises(ImportError, match=r"not at all; build them .*pip install --no-build-isolation"):
        plugin._load_library()


def test_a_broken_library_is_refused_with_the_command(monkeypatch, tmp_path):
    broken = tmp_path / "libdali_fastmix.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setattr(plugin, "LIBRARY", broken)
    with pytest.raises(ImportError, match=r"could not load(?s:.*)pip install --no-build-isolation"):
        plugin._load_library()


def test_every_argument_is_documented():
    import nvidia.dali.backend as backend
    import nvidia.dali.fn as fn

    plugin.load()
    operators = {"fastmix__Mix": fn.fastmix.mix, "fastmix__RandomResizedCrop": fn.fastmix.random_resized_crop}
    for name, function in operators.items():
        schema = backend.GetSchema(name)
        assert function.__doc__
        assert all(schema.GetArgumentDox(argument) for argument in schema.GetArgumentNames())


@pytest.mark.parametrize("order", ["pillow(); fastmix.dali.load()", "fastmix.dali.load(); pillow()"])
def test_pillows_libjpeg_in_the_same_process(order):
    """Both encode and decode after both are there, whichever came first."""
    plugin.load()
    if not plugin.decodes_jpeg():
        pytest.skip("built without libjpeg-turbo")
    code = f"""
import sys; sys.path[:0] = {[os.path.dirname(__file__), os.path.dirname(os.path.dirname(__file__))]}
import io, fastmix.dali
def pillow():
    from PIL import Image
    Image.new("L", (8, 8)).save(io.BytesIO(), "JPEG")
{order}
from jpegs import decode, jpeg, soft, upright
data = jpeg(soft(400, 400))
(image,), _, (done,) = decode([data], [(0, 0, 400, 400)], size=16)
print(done, image.shape, abs(image.mean() - upright(data).mean()) < 1)
"""
    assert run_python(code).split("\n")[0] == "True (50, 50, 3) True"


def test_a_jpeg_library_that_does_not_load_costs_only_itself(tmp_path):
    (tmp_path / "broken.so").write_bytes(b"not a library")
    code = (
        "import warnings, pathlib, fastmix.dali.plugin as plugin\n"
        f"plugin.JPEG_LIBRARY = pathlib.Path({str(tmp_path / 'broken.so')!r})\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    plugin.load()\n"
        "print(plugin.decodes_jpeg(), any('decodes JPEGs itself' in str(w.message) for w in caught))"
    )
    assert run_python(code).split() == ["False", "True"]
