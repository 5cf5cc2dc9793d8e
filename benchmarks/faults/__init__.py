"""The fault benchmark's parts: a site of real processes, faults that are put into it, and measures from outside."""
