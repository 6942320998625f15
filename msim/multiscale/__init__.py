"""Co-simulation of spiking cells and slow equations: bursts, leaps and the error of both."""
