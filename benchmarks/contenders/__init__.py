"""Our students against their peers on one item, in one run on one machine.

`listing` says who races, `here` and `children/make_*` make what has to be trained, `envs` the
virtual environments that some need, `accuracy` and `timing` measure. `children/` is run by path,
in the Python of the contender that is measured, and needs nothing of the rest.
"""
