"""STEEL: sample adapters from a diffusion model of adapters before the examples are seen, then choose, with proof."""
