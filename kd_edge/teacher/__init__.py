"""The teacher: a language model fine-tuned on an item's scored responses.

`source` finds the model, `options` holds what can be set, `finetune` trains it, `classifier`
is the network and its folder, `compute` runs it on what this machine offers, `predict` scores
texts with it, and `held_out` says which rows it did not learn from.
"""
