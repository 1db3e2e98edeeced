"""A folder as nnU-Net v2 leaves it after a training, with small random weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.nnunet import PlainUNet

DATASET = "Dataset292_TotalSegmentator_part2_vertebrae_1532subj"
CT_LABELS = {"background": 0, "sacrum": 1, "vertebrae_S1": 2, "vertebrae_L5": 3, "vertebrae_L4": 4}
MR_LABELS = {"background": 0, "sacrum": 1, "vertebrae": 2, "intervertebral_discs": 3, "spinal_cord": 4}
INTENSITIES = {"mean": 200.0, "std": 250.0, "percentile_00_5": -200.0, "percentile_99_5": 1200.0}
#: arguments of the network as nnU-Net 2.4 and later write them
ARCHITECTURE = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 3,
        "features_per_stage": [4, 8, 16],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * 3,
        "strides": [[1, 1, 1], [2, 2, 2], [1, 2, 2]],
        "n_conv_per_stage": [2, 2, 2],
        "n_conv_per_stage_decoder": [2, 2],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}
#: the same network as nnU-Net 2.0 to 2.3 write it; TotalSegmentator's weights are of that time
BEFORE_2_4 = {
    "UNet_class_name": "PlainConvUNet",
    "UNet_base_num_features": 4,
    "unet_max_num_features": 320,
    "n_conv_per_stage_encoder": [2, 2, 2],
    "n_conv_per_stage_decoder": [2, 2],
    "num_pool_per_axis": [1, 2, 2],
    "pool_op_kernel_sizes": [[1, 1, 1], [2, 2, 2], [1, 2, 2]],
    "conv_kernel_sizes": [[3, 3, 3]] * 3,
}


def write_trained(root: Path, labels: dict[str, int] = CT_LABELS, **configuration: Any) -> Path:
    """Write plans.json, dataset.json and fold_0/checkpoint_final.pth; return the model's folder."""
    folder = root / DATASET / "nnUNetTrainerNoMirroring__nnUNetPlans__3d_fullres"
    (folder / "fold_0").mkdir(parents=True)
    values = {
        "spacing": [1.5, 1.5, 1.5],
        "patch_size": [16, 32, 32],
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        **({} if "architecture" in configuration else BEFORE_2_4),
        **configuration,
    }
    plans = {
        "dataset_name": DATASET,
        "plans_name": "nnUNetPlans",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"2d": {"patch_size": [64, 64]}, "3d_fullres": values},
        "foreground_intensity_properties_per_channel": {"0": INTENSITIES},
    }
    dataset = {"channel_names": {"0": "CT"}, "labels": labels, "numTraining": 1532, "file_ending": ".nii.gz"}
    (folder / "plans.json").write_text(json.dumps(plans))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    write_checkpoint(folder, plans, len(labels))
    return folder


def write_checkpoint(folder: Path, plans: dict[str, Any], outputs: int, **changes: Any) -> None:
    """Write what nnUNetTrainer.save_checkpoint writes."""
    torch.manual_seed(0)
    network = PlainUNet(1, outputs, ARCHITECTURE["arch_kwargs"])  # type: ignore[arg-type]
    optimizer = torch.optim.SGD(network.parameters(), 1e-2, momentum=0.99, nesterov=True)
    checkpoint = {
        "network_weights": _as_saved(network),
        "optimizer_state": optimizer.state_dict(),
        "grad_scaler_state": {"scale": 65536.0, "growth_factor": 2.0},
        "logging": {"mean_fg_dice": [np.float64(0.8)], "train_losses": [np.float32(-0.7)], "lrs": [0.01]},
        "_best_ema": np.float64(0.81),
        "current_epoch": 4000,
        "init_args": {"plans": plans, "configuration": "3d_fullres", "device": torch.device("cuda")},
        "trainer_name": "nnUNetTrainerNoMirroring",
        "inference_allowed_mirroring_axes": None,
        **changes,
    }
    torch.save(checkpoint, folder / "fold_0" / "checkpoint_final.pth")


def _as_saved(network: PlainUNet) -> dict[str, torch.Tensor]:
    """Name every parameter as often as nnU-Net does: each block's once more, the encoder's in the decoder."""
    state = {}
    for name, value in network.state_dict().items():
        again = name.replace(".conv.", ".all_modules.0.").replace(".norm.", ".all_modules.1.")
        for one in dict.fromkeys((name, again)):
            state[one] = value
            if one.startswith("encoder."):
                state[f"decoder.{one}"] = value
    return state
