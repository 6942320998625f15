"""msim: how a drug such as ketamine changes a brain, from one channel to what a scanner sees."""

__version__ = "0.1.0"
