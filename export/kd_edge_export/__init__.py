"""Turns trained students into the forms that devices run, checked, in one bundle."""
