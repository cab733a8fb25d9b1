"""Published results, with what is wrong or uncertain in them flagged. Never beside numbers of a corrected protocol."""
