"""The demonstration: from a building model to finished work, with everything that a site runs."""
