"""Networks without some of their channels: `exact` removes what cannot change an output of an int8
network, `structured` what a float network loses least by.
"""
