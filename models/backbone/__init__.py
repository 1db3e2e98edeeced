"""The network behind the deep features: its input, pre-training, fine-tuning, and weights from elsewhere."""
