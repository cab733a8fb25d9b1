"""How the model that clients personalise was itself trained in the federation."""
