"""The inside of a worker process: the only part of the node that loads the pipelines."""

import contextlib
import os
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from node.worker.clinical import clinical_variables
from node.worker.messages import Done, Failure, Made, Order, PredictorFolder, Progress, Ready
from pipelines.errors import PipelineError
from pipelines.segmentation import choices_from
from pipelines.types import AnalysisOutcome, AnalysisRequest, PredictorChoice

Analyse = Callable[[AnalysisRequest, Callable[[str, float], None]], AnalysisOutcome]


def serve(pipe: "Connection[Any, Any]", function: str) -> None:
    """Answer orders until the node hangs up, which ends the process at once, in mid-analysis too.

    The analysis has a thread of its own; this one listens, so that no orphan goes on computing.
    """
    analyse = resolve(function)
    _warm(function)
    with contextlib.suppress(BrokenPipeError):  # the node has died meanwhile: `recv` will tell
        pipe.send(Ready())
    with ThreadPoolExecutor(1, "analysis") as thread:
        while True:
            try:
                order: Order = pipe.recv()
            except EOFError:
                os._exit(0)
            thread.submit(_run, analyse, order, pipe.send).add_done_callback(partial(_answer, pipe))


def resolve(function: str) -> Analyse:
    """Import "package.module:function"."""
    module, _, name = function.partition(":")
    return cast("Analyse", getattr(import_module(module), name))


def _warm(function: str) -> None:
    """Have the function's module do what need not wait for the first order, if it has `warm`."""
    module = import_module(function.partition(":")[0])
    if hasattr(module, "warm"):
        module.warm()


def _run(analyse: Analyse, order: Order, send: Callable[[Progress], None]) -> Done:
    if order.gpu_memory_gib is not None:
        _limit_gpu(order.gpu_memory_gib)
    outcome = analyse(_request(order), lambda stage, fraction: send(Progress(stage, fraction)))
    return Done(
        applicable=outcome.status == "analysed",
        reasons=tuple(f"{reason.code}: {reason.text}" for reason in outcome.reasons),
        made=tuple(
            Made(file.path, file.kind, file.sop_class_uid, file.sop_instance_uid, file.study_uid)
            for file in outcome.results
        ),
        summary=dict(outcome.summary),
        shadows=outcome.shadows,
    )


def _limit_gpu(gib: float) -> None:
    """Let this process take no more of a GPU's memory: beyond it torch raises OutOfMemoryError."""
    import torch  # noqa: PLC0415 - the pipelines have loaded it by now, or there is nothing to limit

    for number in range(torch.cuda.device_count()):
        whole = torch.cuda.get_device_properties(number).total_memory / (1 << 30)
        torch.cuda.set_per_process_memory_fraction(min(gib / whole, 1.0), number)


def _request(order: Order) -> AnalysisRequest:
    return AnalysisRequest(
        files=order.files,
        out_dir=order.out_dir,
        clock=order.clock,
        completing_study_uid=order.completing_study_uid,
        clinical=_clinical(order),
        cache_dir=order.cache_dir,
        title_mode=order.title_mode,
        with_pdf=order.with_pdf,
        with_overlay=order.with_overlay,
        device=order.device,
        segmenters=choices_from(order.segmenters),
        predictors=tuple(map(_choice, order.predictors)),
        shadows=tuple(map(_choice, order.shadows)),
        backbone=order.backbone,
        previous=order.previous,
    )


def _clinical(order: Order) -> dict[str, Any] | None:
    """Join what the file says with what the node was told, which wins; None if neither says anything."""
    folder = order.clinical_dir
    in_file = clinical_variables(folder, order.header) if folder else None
    return {**(in_file or {}), **order.clinical} or None


def _choice(given: PredictorFolder) -> PredictorChoice:
    return PredictorChoice(given.name, given.version, given.folder, given.digest, given.sha256)


def _answer(pipe: "Connection[Any, Any]", future: "Future[Done]") -> None:
    error = future.exception()
    pipe.send(future.result() if error is None else _failure(error))


def _failure(error: BaseException) -> Failure:
    """Describe an error; only the text of our own errors is known not to quote a header."""
    if isinstance(error, PipelineError):
        return Failure(error.code, str(error), permanent=True)
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {last.name} ({Path(last.filename).name}:{last.lineno})"
    if isinstance(error, MemoryError):
        return Failure("OUT_OF_MEMORY", where)
    return Failure("UNEXPECTED", f"{where}; please report this")
