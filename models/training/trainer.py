"""A segmentation network being taught, patch by patch."""

from collections.abc import Sequence

import torch

from models.training.bank import Task
from models.training.batch import Scan, Teaching, segmentation_loss
from models.training.learner import Learner
from models.unet import UNet

LEARNING_RATE = 3e-3
GENTLE_RATE = 1.5e-3  # for weights that are good already
WEIGHT_DECAY = 1e-4
WARM_UP = 30  # steps


class Trainer(Learner[UNet]):
    """Teaches a U-Net, in bfloat16 where the device can; see `Learner`.

    Parameters
    ----------
    task : {"sagittal", "ct", "vertebra", "axial"}
    network : UNet
    teaching : Teaching
    seed : int
        Fixes patches and augmentation.
    device : torch.device
    learning_rate : float
        The highest, after warming up.
    """

    def __init__(
        self,
        task: Task,
        network: UNet,
        teaching: Teaching,
        seed: int,
        device: torch.device,
        *,
        learning_rate: float = LEARNING_RATE,
    ) -> None:
        flat = network.head.weight.dim() == 4
        self._layout = torch.channels_last if flat else torch.channels_last_3d
        network.to(device)
        network.to(memory_format=self._layout)  # type: ignore[call-overload]  # missing in torch's stubs
        super().__init__(
            task,
            network,
            seed,
            device,
            learning_rate=learning_rate,
            weight_decay=WEIGHT_DECAY,
            warm_up=WARM_UP,
        )
        self.teaching = teaching

    def step(self, scans: Sequence[Scan], progress: float) -> float:
        """Take a step and return its loss.

        Parameters
        ----------
        scans : sequence of Scan
        progress : float
            How much of the budget is spent, 0 to 1: sets the learning rate.
        """
        self.set_learning_rate(progress)
        batch = self.teaching.draw(self.random, scans).to(self.device)
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.network(batch.images.contiguous(memory_format=self._layout))
        return self.follow(segmentation_loss(logits.float(), batch))
