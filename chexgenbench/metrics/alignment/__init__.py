"""Does an image show what its prompt says?"""
