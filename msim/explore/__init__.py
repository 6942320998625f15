"""A local page for trying out a model: doses and genotype in, curves of the mean-field emulator out."""
