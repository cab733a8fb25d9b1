"""What `model-adapters new` writes: a small working adapter of each kind and its test."""
