"""Does the set of generated images look like the set of real ones?"""
