"""Readers of public data sets, each in the layout it is given away in."""
