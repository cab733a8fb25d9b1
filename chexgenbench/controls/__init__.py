"""Control generators against metrics: what each metric must expose, what it must pass, and a study that checks both."""
