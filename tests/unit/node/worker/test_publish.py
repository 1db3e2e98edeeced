"""Results get their place when they are whole, and only a study's own."""

from pathlib import Path

from node.worker import publish as publishing
from node.worker.messages import Done, Made
from node.worker.publish import prepare, publish


def workspace(*key: object) -> Path:
    folder = publishing.workspace(*key)
    prepare(folder)
    return folder


def made(path: Path, study_uid: str) -> Made:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(study_uid.encode())
    return Made(path, "seg", "1.2", f"9.{path.stem}", study_uid)


def test_own_results_move_and_foreign_ones_go(tmp_path: Path) -> None:
    aside = workspace(tmp_path, "1.2.3", 2, 1)
    objects = (made(aside / "0.dcm", "1.2.3"), made(aside / "deep" / "1.dcm", "1.2.3"))
    (aside / "summary.json").write_text("{}")
    done = Done(True, (), (*objects, made(aside / "2.dcm", "1.2.4")), {})
    final = tmp_path / "results" / "1.2.3" / "2"
    placed = publish(done, aside, tmp_path, "1.2.3", 2)
    assert [item.path for item in placed] == [final / "9.0.dcm", final / "9.1.dcm"]
    files = sorted(p.relative_to(final).as_posix() for p in final.rglob("*") if p.is_file())
    assert files == ["9.0.dcm", "9.1.dcm", "summary.json"]
    assert not aside.exists()


def test_the_same_uid_keeps_its_first_file(tmp_path: Path) -> None:
    for revision, attempt in ((1, 1), (1, 2), (2, 1)):
        aside = workspace(tmp_path, "1.2.3", revision, attempt)
        one = made(aside / "0.dcm", "1.2.3")
        one.path.write_text(f"revision {revision}, attempt {attempt}")
        (aside / "summary.json").write_text(f"{attempt}")
        (placed,) = publish(Done(True, (), (one,), {}), aside, tmp_path, "1.2.3", revision)
        assert placed.path == tmp_path / "results" / "1.2.3" / "1" / "9.0.dcm"
        assert placed.path.read_text() == "revision 1, attempt 1"
    assert (tmp_path / "results" / "1.2.3" / "1" / "summary.json").read_text() == "2"


def test_a_workspace_is_empty_and_clears_what_earlier_attempts_left(tmp_path: Path) -> None:
    first = workspace(tmp_path, "1.2.3", 1, 1)
    (first / "half").write_text("x")
    kept = workspace(tmp_path, "1.2.3", 2, 1)
    second = workspace(tmp_path, "1.2.3", 1, 2)
    assert not first.exists()
    assert list(second.iterdir()) == []
    assert kept.exists()
