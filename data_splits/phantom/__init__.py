"""A procedural chest phantom: radiograph-like pictures with a known truth, made from a seed and nothing else."""
