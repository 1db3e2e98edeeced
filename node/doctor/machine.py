"""Device, decoders and models."""

from collections.abc import Iterator

from pydicom.pixels import get_decoder
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless

from models.manifest import WEIGHTS, ManifestError, open_model
from node.doctor.check import Check
from node.settings import Settings


def device(settings: Settings) -> Iterator[Check]:
    """Check that the device which the settings ask for is there."""
    import torch  # noqa: PLC0415 - slow, and the other checks shall be seen first

    wanted = settings.worker.device
    there = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    text = f"{wanted}; torch {torch.__version__}, {', '.join(there) or 'no CUDA device'}"
    if wanted.startswith("cuda") and not there:
        yield Check(
            "device",
            "failed",
            text,
            'set worker.device = "auto", or install the driver and a CUDA build of torch',
        )
    else:
        yield Check("device", "ok", text)


def decoders(_settings: Settings) -> Iterator[Check]:
    """Check that compressed pixel data can be decoded."""
    missing = [
        syntax.name
        for syntax in (JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless)
        if not get_decoder(syntax).is_available
    ]
    if missing:
        yield Check("decoders", "failed", f"missing for {', '.join(missing)}", "install the package again")
    else:
        yield Check("decoders", "ok", "JPEG, JPEG-LS, JPEG 2000")


def models(_settings: Settings) -> Iterator[Check]:
    """Check every shipped model against its digests."""
    folders = sorted(path.parent for path in WEIGHTS.glob("*/manifest.json"))
    if not folders:
        yield Check("models", "failed", f"none in {WEIGHTS}", "install the package again")
    for folder in folders:
        name = f"model {folder.name}"
        try:
            _, manifest = open_model(folder.name)
        except ManifestError as error:
            yield Check(name, "failed", str(error))
        else:
            yield Check(name, "ok", f"{manifest.name} {manifest.version}, sha256 {manifest.digest[:12]}…")


def backbone(settings: Settings) -> Iterator[Check]:
    """Load the site's own network for the deep features, if the settings name one."""
    if (folder := settings.worker.backbone) is None:
        return
    from pipelines.errors import ModelError  # noqa: PLC0415 - slow, and the other checks shall be seen first
    from pipelines.features.deep import load_network  # noqa: PLC0415

    try:
        found = load_network("cpu", folder).identity
    except ModelError as error:
        advice = "set worker.backbone to a folder of `models import-backbone` or `train backbone`"
        yield Check("backbone", "failed", str(error), advice)
    else:
        yield Check("backbone", "ok", f"{folder}: {found.name} {found.version}, sha256 {found.digest[:12]}…")
