"""Result records: what was measured, of what, by which protocol, recomputable."""
