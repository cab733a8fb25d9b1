"""Results by pull request: what a submission adds, and every check it must pass. A submission is data, never code."""
