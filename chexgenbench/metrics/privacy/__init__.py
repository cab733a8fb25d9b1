"""Can a patient be recognised in generated images?"""
