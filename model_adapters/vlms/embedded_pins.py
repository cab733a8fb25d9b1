"""sha256 of the embedded VLM's file: written by `embedded_training.release`, checked at load."""

WEIGHT_HASHES: dict[str, str] = {
    "weights.safetensors": "a8582374655f6b508b65ade6a6101a02de83c88be98fa2c06da1315e59591d6e",
}
