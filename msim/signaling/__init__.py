"""Signaling inside one cell: calcium, eEF2 kinase, BDNF, TrkB, AMPA receptor scaling, MeCP2."""
