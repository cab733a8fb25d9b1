"""The engines that run adapters, and the stores that make runs resumable."""
