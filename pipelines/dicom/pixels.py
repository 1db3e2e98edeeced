"""Stored pixels to physical values: decoding, modality LUT, padding (PS3.3 C.7.6.3, C.11.1)."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, iter_pixels, pixel_array

from pipelines.dicom.attributes import VALUE_ERRORS, integer, number, text, value
from pipelines.dicom.frames import Frame, is_multiframe
from pipelines.errors import InputError
from pipelines.types import SourceSeries

AIR = -1024.0  #: HU; CT scanners write less only outside their reconstruction circle

DECODE_ERRORS = (*VALUE_ERRORS, RuntimeError, OSError, EOFError, MemoryError)
"""What pydicom and the decoder plug-ins raise for pixel data they cannot decode."""


def check_grayscale(header: Dataset, path: Path) -> None:
    """Raise InputError (NOT_GRAYSCALE) if an image is not of one sample per pixel."""
    photometric = text(header, "PhotometricInterpretation")
    if (integer(header, "SamplesPerPixel") or 1) == 1 and photometric in ("", "MONOCHROME1", "MONOCHROME2"):
        return
    raise InputError("NOT_GRAYSCALE", f"{path.name}: {photometric} image; only grayscale can be analysed")


def stored_pixels(series: SourceSeries, frames: Sequence[Frame]) -> Iterator[NDArray[Any]]:
    """Decode frames one by one, so that no more than one is held in memory.

    Parameters
    ----------
    series : SourceSeries
    frames : sequence of Frame
        All of one multi-frame object, or of single-frame instances.

    Yields
    ------
    array of shape (rows, columns)
        Stored values, in the order of `frames`.

    Raises
    ------
    InputError
        PIXELS_DAMAGED if the pixel data cannot be decoded.
    """
    if is_multiframe(series.headers[0]):
        path = series.paths[0]
        yield from _decoded(path, iter_pixels(path, indices=[frame.index for frame in frames], raw=True))
    else:
        for frame in frames:
            path = series.paths[frame.instance]
            yield from _decoded(path, (pixel_array(source, raw=True) for source in (path,)))


def physical_values(
    stored: NDArray[Any], frame: Frame, header: Dataset, *, is_ct: bool, out: NDArray[np.float32]
) -> None:
    """Turn stored values into Hounsfield units or signal.

    Parameters
    ----------
    stored : array of shape (rows, columns)
    frame : Frame
        Its slope and intercept are used: they may differ from slice to slice.
    header : Dataset
    is_ct : bool
        Values below -1024 HU (padding) become -1024; MR padding becomes 0.
    out : float32 array of shape (rows, columns)
        Written in place.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is found as infinite and refused
        if value(header, "ModalityLUTSequence") is not None:
            out[...] = apply_modality_lut(stored, header)
        else:
            np.multiply(stored, np.float32(frame.slope), out=out, casting="unsafe", dtype=np.float32)
            out += np.float32(frame.intercept)
    if is_ct:
        np.maximum(out, np.float32(AIR), out=out)
        return
    padding = number(header, "PixelPaddingValue")
    if padding is not None:
        out[stored == padding] = 0.0


def _decoded(path: Path, arrays: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    try:
        yield from arrays
    except DECODE_ERRORS as error:
        message = f"{path.name}: the pixel data cannot be decoded ({error}); send the instance again"
        raise InputError("PIXELS_DAMAGED", message) from error
