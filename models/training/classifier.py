"""An encoder with a head for a binary outcome, fine-tuned on patients' structures."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

from models.backbone.cubes import to_cube
from models.swin import FeatureSwin
from models.training.augment import pick
from models.training.cube_set import Crop, draw
from models.training.learner import Learner
from models.vit import FeatureViT

LEARNING_RATE, WEIGHT_DECAY, WARM_UP = 5e-4, 0.05, 10
PATIENTS, STRUCTURES = 4, 6  #: in a step; structures of each patient
ASKED = 12  #: structures of a patient whose mean decides, when nothing is learned

Bags = Mapping[str, Sequence[Crop]]
"""Patient to his structures."""


class Classifier(nn.Module):
    """A patient's structures in, a log-odds out: a linear head on the mean of their features.

    Parameters
    ----------
    encoder : FeatureViT or FeatureSwin
    learning : int
        Blocks (of a Swin: stages) from the last that learn; what lies before stays as it was.
    """

    def __init__(self, encoder: FeatureViT | FeatureSwin, learning: int) -> None:
        super().__init__()
        self.encoder = encoder
        encoder.freeze(learning)
        self.head = nn.Sequential(nn.LayerNorm(encoder.hidden), nn.Linear(encoder.hidden, 1))

    def forward(self, cubes: Tensor) -> Tensor:
        """Map (patients, structures, 1, side, side, side) to log-odds of shape (patients,)."""
        patients, structures = cubes.shape[:2]
        features = self.encoder(cubes.flatten(0, 1)).reshape(patients, structures, -1)
        odds: Tensor = self.head(features.mean(dim=1))[:, 0]
        return odds


class FineTuning(Learner[Classifier]):
    """Teaches a classifier; keeps its best state by the patients that decide when to stop. See `Learner`.

    Parameters
    ----------
    task : str
        Names data and first weights.
    network : Classifier
    seed : int
        Fixes patients, structures and mirroring.
    device : torch.device

    Attributes
    ----------
    epoch, best_epoch : int
    best_auc : float
    best : dict of str to Tensor
        State of the network at the best epoch.
    """

    def __init__(self, task: str, network: Classifier, seed: int, device: torch.device) -> None:
        super().__init__(
            task,
            network.to(device),
            seed,
            device,
            learning_rate=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            warm_up=WARM_UP,
        )
        self.epoch, self.best_epoch, self.best_auc = 0, 0, -1.0  # any first epoch is better
        self.best = {key: value.detach().clone() for key, value in network.state_dict().items()}

    def step(self, bags: Bags, outcomes: Mapping[str, int], progress: float) -> float:
        """Take a step on as many patients with as without the outcome, and return its loss.

        Parameters
        ----------
        bags : mapping of str to sequence of Crop
        outcomes : mapping of str to int
            0 or 1 of each patient to learn from.
        progress : float
            Spent part of the epochs, 0 to 1: sets the learning rate.
        """
        self.set_learning_rate(progress)
        truth = [number % 2 for number in range(PATIENTS)]
        patients = [pick(self.random, [p for p, o in outcomes.items() if o == value]) for value in truth]
        side = self.network.encoder.side
        cubes = torch.stack([draw(self.random, bags[patient], STRUCTURES, side) for patient in patients])
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            odds = self.network(cubes.to(self.device))
        target = torch.tensor(truth, dtype=torch.float32, device=self.device)
        return self.follow(functional.binary_cross_entropy_with_logits(odds.float(), target))

    def judge(self, bags: Bags, outcomes: Mapping[str, int]) -> float:
        """Close an epoch: give the AUC on the patients that decide, and keep the state if it is the best."""
        self.epoch += 1
        odds = [self._odds(bags[patient]) for patient in outcomes]
        auc = float(roc_auc_score(list(outcomes.values()), odds))
        if auc > self.best_auc:
            self.best_auc, self.best_epoch = auc, self.epoch
            self.best = {key: value.detach().clone() for key, value in self.network.state_dict().items()}
        return auc

    @torch.inference_mode()
    def _odds(self, crops: Sequence[Crop]) -> float:
        """Ask about a patient: the same structures every time, spread over all there are."""
        self.network.eval()
        asked = crops[:: -(-len(crops) // ASKED)]
        cubes = torch.stack([to_cube(crop.values, self.network.encoder.side) for crop in asked])
        with torch.autocast(self.device.type, torch.bfloat16):
            return float(self.network(cubes[None].to(self.device)))

    def _state(self) -> dict[str, Any]:
        own = {key: getattr(self, key) for key in ("epoch", "best_epoch", "best_auc", "best")}
        return {**super()._state(), **own}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        self.epoch, self.best_epoch, self.best_auc = (
            state["epoch"],
            state["best_epoch"],
            state["best_auc"],
        )
        self.best = {key: value.to(self.device) for key, value in state["best"].items()}


def first_head(encoder: FeatureViT | FeatureSwin, learning: int, seed: int) -> Classifier:
    """Build a classifier; the seed fixes its head, torch's generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Classifier(encoder, learning)
