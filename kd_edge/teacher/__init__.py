"""The teacher: a language model fine-tuned on an item's scored responses.

`source` finds the model, `options` holds what can be set, `finetune` trains it, `classifier`
is the network and its folder, `predict` scores texts with it, `export` writes it as ONNX
(`graphs`). Nothing here imports torch until one of `classifier`, `finetune`, `predict`, `graphs`
and `export` is imported.
"""
