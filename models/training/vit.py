"""Write the shipped, untrained ViT: `python -m models.training.vit FOLDER`."""

import sys
from pathlib import Path

from models.vit import SETTINGS, initialised, write

SEED = 20250601

ABOUT = {
    "name": "lumbar-node vit",
    "version": "0.1.0",
    "license": "Apache-2.0",
    "intended_use": (
        "Research use only. Gives deep features a place in the pipeline and in the demonstration predictors; "
        "not a medical device."
    ),
    "training_data": f"None: random initialisation, seed {SEED}, untrained. Features are random projections.",
    "metrics": {},
}


def main(folder: Path) -> None:
    """Write weights and manifest of the untrained network to `folder`."""
    write(initialised(SEED), folder, SETTINGS, ABOUT)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
