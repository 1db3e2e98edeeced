import hashlib
import threading
from pathlib import Path

import pytest

from node import fileformat
from node.errors import OutOfSpace
from node.fileformat import FileMeta
from node.store import Outcome, Store

META = FileMeta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1", "SENDER", "LUMBARNODE")
BODY, OTHER = memoryview(b"the data set"), memoryview(b"another data set")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.prepare()
    return store


def test_a_file_is_named_by_a_hash_and_holds_the_bytes(store: Store) -> None:
    outcome, file = store.put(META, BODY)
    name = hashlib.sha256(b"1.2.3").hexdigest()
    assert outcome is Outcome.STORED
    assert file.path == f"objects/{name[:2]}/{name}.dcm"
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    content = store.path(file.path).read_bytes()
    assert file.size == len(content)
    assert fileformat.decode(memoryview(content)) == (META, BODY)


def test_the_same_content_again_changes_nothing(store: Store) -> None:
    _, first = store.put(META, BODY)
    written = store.path(first.path).stat().st_mtime_ns
    assert store.put(META, BODY) == (Outcome.DUPLICATE, first)
    assert store.path(first.path).stat().st_mtime_ns == written


def test_another_content_is_kept_apart_once(store: Store) -> None:
    _, first = store.put(META, BODY)
    outcome, apart = store.put(META, OTHER)
    assert outcome is Outcome.CONFLICT
    assert list(store.quarantined()) == [apart.path]
    assert store.path(apart.path).read_bytes().endswith(OTHER)
    assert store.path(first.path).read_bytes().endswith(BODY)
    assert store.put(META, OTHER) == (Outcome.KNOWN_CONFLICT, apart)
    assert list(store.objects()) == [first.path]


def test_one_of_many_at_the_same_time_is_first(store: Store) -> None:
    outcomes: list[Outcome] = []
    barrier = threading.Barrier(8)

    def put(number: int) -> None:
        barrier.wait()
        outcomes.append(store.put(META, memoryview(b"%d" % (number % 2)))[0])

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.name for outcome in outcomes) == (
        ["CONFLICT"] + ["DUPLICATE"] * 3 + ["KNOWN_CONFLICT"] * 3 + ["STORED"]
    )


def test_little_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path, min_free_bytes=1 << 62)
    store.prepare()
    with pytest.raises(OutOfSpace, match=r"receiver\.min_free_bytes keeps 4611686018427387904"):
        store.put(META, BODY)
    assert list(store.objects()) == []


def test_parts_are_swept_at_the_start(store: Store) -> None:
    (store.root / "incoming" / "x.part").write_bytes(b"half")
    assert store.prepare() == 1
    assert list((store.root / "incoming").iterdir()) == []
