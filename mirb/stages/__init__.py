"""The stages of `mirb eval`: answer, score, report. Each reads the store of the one before and can run alone."""
