"""What images are worth for learning to write reports: arms of real and synthetic pairs, one writer, one real test."""
