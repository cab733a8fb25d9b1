"""What images are worth for training: arms of real and synthetic training sets, trained and tested alike."""
