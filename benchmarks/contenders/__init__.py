"""Our students against their peers on one item, in one run on one machine.

`contender_list` names the contenders, `workshop_models` and `children/make_*` train their models,
`envs` makes the virtual environments that some need, `scoring` and `timing` measure. `children/`
is run by path, in the Python of the contender that is measured, and needs nothing of the rest.
"""
