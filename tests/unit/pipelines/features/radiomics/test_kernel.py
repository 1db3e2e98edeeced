import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.features.radiomics import kernel, lumbar, pyradiomics
from pipelines.features.radiomics.warm import warm


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """An installation of one source file, and the cache folder of its user."""
    source = tmp_path / "installed"
    source.mkdir()
    (source / "loops.py").write_text("x = 1")
    monkeypatch.setattr(kernel, "_HERE", source)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    forget()
    yield source
    forget()


def forget():
    kernel.cache_folder.cache_clear()
    kernel._digest.cache_clear()


def test_kernels_are_kept_beside_the_sources(installed):
    assert kernel.cache_folder().parent == installed / "__pycache__" / "kernels"


def test_a_changed_source_has_kernels_of_its_own(installed):
    before = kernel.cache_folder()
    (installed / "loops.py").write_text("x = 2")
    forget()
    assert kernel.cache_folder() != before


def test_a_read_only_installation_is_copied(installed, tmp_path, monkeypatch):
    shipped = kernel.cache_folder()
    (shipped / "loop.nbi").write_text("compiled")
    usable = kernel._usable
    # the tests may run as root, whom no permission stops
    monkeypatch.setattr(kernel, "_usable", lambda folder, mode: folder != shipped and usable(folder, mode))
    kernel.cache_folder.cache_clear()
    found = kernel.cache_folder()
    assert found.parent == tmp_path / "home"
    assert (found / "loop.nbi").read_text() == "compiled"
    assert found.stat().st_mode & 0o777 == 0o700


def test_nothing_is_loaded_from_where_others_may_write(installed, tmp_path):
    shipped = kernel.cache_folder()
    (shipped / "loop.nbi").write_text("anyone's")
    shipped.chmod(0o777)
    kernel.cache_folder.cache_clear()
    found = kernel.cache_folder()
    assert found.parent == tmp_path / "home"
    assert not list(found.iterdir())


def test_without_any_folder_kernels_are_compiled_in_each_process(installed, tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    monkeypatch.setattr(kernel.tempfile, "gettempdir", lambda: str(blocked))
    (installed / "__pycache__").touch()
    assert kernel.cache_folder() is None


def test_warm_compiles_whatever_an_extraction_needs():
    code = (
        "from numba.core import event\n"
        "from pipelines.features.radiomics import warm, extract\n"
        "import numpy, SimpleITK\n"
        "warm()\n"
        "values = numpy.random.default_rng(0).normal(0, 90, (12, 14, 16))\n"
        "image = SimpleITK.GetImageFromArray(values)\n"
        "mask = SimpleITK.GetImageFromArray((abs(values) < 60).astype('uint8'))\n"
        "with event.install_recorder('numba:compile') as compiled:\n"
        "    extract(image, mask, 'paper')\n"
        "assert not compiled.buffer, compiled.buffer\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[5], check=True)


def test_pyradiomics_is_loaded_only_where_it_is_chosen():
    code = "import sys, pipelines.features.radiomics as r; r.warm(); assert 'radiomics' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[5], check=True)


def test_both_engines_have_one_face():
    warm()
    assert lumbar.compute.__annotations__.keys() == pyradiomics.compute.__annotations__.keys()
