"""A generator of questions for MIRB's eleven tasks: one file per task, exact gold, evidence a machine can check."""
