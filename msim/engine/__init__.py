"""The one layer that integrates: slow equations, spiking networks, and the schedule between them."""
