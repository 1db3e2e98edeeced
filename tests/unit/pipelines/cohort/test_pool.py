import os
import time

import pytest
from pebble import ProcessExpired

from pipelines.cohort.pool import SpawnedPool


def test_a_process_that_dies_or_hangs_takes_only_its_own_work_along() -> None:
    with SpawnedPool(1, 3) as pool:
        died, slow, well = pool.submit(os._exit, 3), pool.submit(time.sleep, 60), pool.submit(os.getpid)
        with pytest.raises(ProcessExpired) as caught:
            died.result()
        assert caught.value.exitcode == 3
        with pytest.raises(TimeoutError):
            slow.result()
        assert well.result() != os.getpid()


def test_an_error_ends_what_runs() -> None:
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), SpawnedPool(1, 60) as pool:
        pool.submit(time.sleep, 50)
        raise KeyboardInterrupt
    assert time.monotonic() - start < 40
