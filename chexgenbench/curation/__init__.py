"""From generated images to a data set: each image is graded against its prompt, the low ones are left out."""
