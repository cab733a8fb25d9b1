"""Several models on the same questions: `mirb compare`."""
