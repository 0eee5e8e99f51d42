"""The teacher: a language model fine-tuned on an item's scored responses.

`source` finds the model, `options` holds what can be set, `finetune` trains it, `classifier`
is the network and its folder, `compute` runs it on what `hardware` finds here, `predict` scores
texts with it, `export` writes it as ONNX (`graphs`). Nothing here imports torch until one of
these but `source`, `options` and `card` is imported.
"""
