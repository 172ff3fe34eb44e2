"""The staff desk: who may announce, how they sign in, and the forms they fill in.

It is off, and its addresses do not exist, until there is an account
(``tonari gtfs alert user add NAME``).
"""
