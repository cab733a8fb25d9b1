"""sha256 of the embedded VLM's file: written by `embedded_training.release`, checked at load."""

WEIGHT_HASHES: dict[str, str] = {
    "weights.safetensors": "74ace130c2791013a882f65e1f85d66abccfba54ba4e880a5752e0f04000837f",
}
