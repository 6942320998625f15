"""Fitted values of a model, searched for so that published outcomes are met."""
