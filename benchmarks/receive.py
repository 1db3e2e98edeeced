"""What it takes to receive objects durably, relative to the disk and to pynetdicom's own receiver.

The same objects of 512 × 512 pixels are written durably to the disk without any network, sent to
`lumbar-node serve --role receiver`, and sent to `python -m pynetdicom storescp`, which says success before
the bytes are safe. All lie on one disk and take turns in one run: disks and loads differ, ratios matter.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import _config
from support.figures import Figure, show
from support.processes import Listening, receiver, stock_storescp

from node import durable
from node.demo.push import push

SIZE = 512


def main() -> None:
    """Measure in rounds and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--disk", type=Path, help="a folder on the disk to measure; default: the temporary one"
    )
    arguments = parser.parse_args()
    _config.STORE_SEND_CHUNKED_DATASET = True  # the sender reads bytes and parses nothing
    with TemporaryDirectory(prefix="lumbar-node-benchmark-", dir=arguments.disk) as name:
        files = _objects(Path(name) / "objects", arguments.objects)
        rounds = [_round(files, Path(name) / str(number)) for number in range(arguments.rounds)]
    disk, node, stock = zip(*rounds, strict=True)
    size = arguments.objects * SIZE * SIZE * 2 / 1e6
    show(
        f"{arguments.objects} objects of {SIZE}² pixels, {size:.0f} MB, median of {arguments.rounds} rounds",
        [
            Figure("written durably, without network", statistics.median(disk), "s"),
            Figure("received durably by the node", statistics.median(node), "s"),
            Figure("received by pynetdicom's storescp, not durably", statistics.median(stock), "s"),
            Figure("node : written durably", _ratio(node, disk), ""),
            Figure("node : pynetdicom's storescp", _ratio(node, stock), ""),
        ],
    )


def _objects(folder: Path, count: int) -> list[Path]:
    """Write a CT series of noise."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    study, series = generate_uid(), generate_uid()
    return [_object(folder / f"{number:04d}.dcm", study, series, rng) for number in range(count)]


def _object(path: Path, study: str, series: str, rng: np.random.Generator) -> Path:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientID, ds.Modality = "BENCHMARK", "CT"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = SIZE, SIZE, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = rng.integers(0, 1 << 12, (SIZE, SIZE), np.uint16).tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


def _round(files: Sequence[Path], folder: Path) -> tuple[float, float, float]:
    """Return the seconds of each way."""
    folder.mkdir()
    disk = _write(files, folder / "disk")
    with receiver(folder / "node") as node:
        received = _send(files, node)
    with stock_storescp(folder / "stock") as stock:
        return disk, received, _send(files, stock)


def _write(files: Sequence[Path], folder: Path) -> float:
    """Write the objects as the node does: data, name and folder are on the disk before the next one."""
    folder.mkdir()
    contents = [path.read_bytes() for path in files]
    start = time.perf_counter()
    for path, content in zip(files, contents, strict=True):
        final = folder / path.name
        durable.write(final.with_suffix(durable.PART), final, [content])
    return time.perf_counter() - start


def _send(files: Sequence[Path], to: Listening) -> float:
    start = time.perf_counter()
    push(files, to.ae_title, to.port, lambda _: None)
    return time.perf_counter() - start


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median over the rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
