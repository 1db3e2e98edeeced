"""What a training is asked to do, beside what the predictor's description says."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from models.signatures.errors import TrainingInputError

Recipe = Literal["nested", "paper"]

#: Shares of the training patients of the learning curve; all of them is the estimate itself.
LEARNING: Final = (0.4, 0.6, 0.8)
#: Permutations by default, and the features beyond which there are none.
PERMUTATIONS: Final = 19
MOST_FEATURES: Final = 5000


@dataclass(frozen=True)
class Settings:
    """How the estimate is made.

    Attributes
    ----------
    recipe : {"nested", "paper"}
        "paper" adds the papers' in-sample figures to the nested ones.
    folds, repeats : int
        Of the outer cross-validation.
    permutations : int, optional
        Outcomes shuffled for the permutation test; 0 leaves it out. By default 19, the fewest that can show
        p = .05, for tables of up to 5000 features and none for larger ones: each costs as much as a repeat.
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
    permutations: int | None = None
    seed: int = 0
    threshold: float | None = None
    learning: tuple[float, ...] = field(default=LEARNING)
    jobs: int = 1

    def with_permutations(self, n_features: int) -> "Settings":
        """Give the settings with the number of permutations decided."""
        if self.permutations is not None:
            return self
        return replace(self, permutations=PERMUTATIONS if n_features <= MOST_FEATURES else 0)

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
            ("--permutations", 0 <= (self.permutations or 0) <= 10_000, self.permutations, "from 0 to 10000"),
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
