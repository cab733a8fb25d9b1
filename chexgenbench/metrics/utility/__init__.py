"""Is a synthetic training set worth as much as the real one?"""
