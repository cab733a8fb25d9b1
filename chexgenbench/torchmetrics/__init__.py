"""The fidelity metrics as `torchmetrics.Metric` classes, for a training loop: one module each, imported by name."""
