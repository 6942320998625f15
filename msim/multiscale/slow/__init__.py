"""The slow equations of a model, and the solver that integrates them."""
