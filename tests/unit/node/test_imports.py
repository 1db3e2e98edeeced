"""What a module may use and does not need is not loaded."""

import sys

from node.light import import_without


def test_a_module_finds_another_one_missing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "optional_part.py").write_text("")
    (tmp_path / "with_an_option.py").write_text(
        "try:\n    import optional_part\nexcept ImportError:\n    optional_part = None\n"
    )
    import optional_part

    assert import_without("with_an_option", hidden="optional_part").optional_part is None
    assert sys.modules["optional_part"] is optional_part
