"""A local page to play with a model: doses and genotype in, curves of the mean-field emulator out."""
