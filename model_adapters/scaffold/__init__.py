"""`model-adapters new`: writes an adapter and its test, and registers it."""
