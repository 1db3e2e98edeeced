"""What a training is asked to do, beside what the predictor's description says."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from models.signatures.errors import TrainingInputError

Recipe = Literal["nested", "paper"]

#: Shares of the training patients of the learning curve; all of them is the estimate itself.
LEARNING: Final = (0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Settings:
    """How the estimate is made.

    Attributes
    ----------
    recipe : {"nested", "paper"}
        "paper" adds the papers' in-sample figures to the nested ones.
    folds, repeats : int
        Of the outer cross-validation.
    permutations : int
        Outcomes shuffled for the permutation test; 0 leaves it out.
    seed : int
        The same table, description and settings give the same figures.
    threshold : float, optional
        Probability from which a patient is called; by default the share of training patients with the
        outcome.
    learning : tuple of float
        Shares of the learning curve; empty leaves it out.
    jobs : int
        Processes; changes no figure.
    """

    recipe: Recipe = "nested"
    folds: int = 5
    repeats: int = 3
    permutations: int = 0
    seed: int = 0
    threshold: float | None = None
    learning: tuple[float, ...] = field(default=LEARNING)
    jobs: int = 1

    def check(self) -> "Settings":
        """Refuse what cannot be done.

        Raises
        ------
        TrainingInputError
            Names the option, its value and what is allowed.
        """
        rules: tuple[tuple[str, bool, Any, str], ...] = (
            ("--recipe", self.recipe in ("nested", "paper"), self.recipe, "nested or paper"),
            ("--folds", 2 <= self.folds <= 20, self.folds, "from 2 to 20"),
            ("--repeats", 1 <= self.repeats <= 100, self.repeats, "from 1 to 100"),
            ("--permutations", 0 <= self.permutations <= 10_000, self.permutations, "from 0 to 10000"),
            ("--jobs", self.jobs >= 1, self.jobs, "1 or more"),
            ("--seed", 0 <= self.seed < 2**31, self.seed, "from 0 to 2147483647"),
            (
                "--threshold",
                self.threshold is None or 0 < self.threshold < 1,
                self.threshold,
                "between 0 and 1",
            ),
        )
        for name, allowed, value, rule in rules:
            if not allowed:
                raise TrainingInputError(f"{name} {value}: must be {rule}")
        return self
