"""Were training images copied?"""
