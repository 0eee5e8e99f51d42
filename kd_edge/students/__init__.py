"""Students: small networks with a frozen text stage, one file a kind.

- `bag`: sums of n-gram embeddings, the default; runs in plain Python.
- `rnn`: a bidirectional GRU over words, the kind of network of the method's paper.
- `transformer`: TinyBERT's architecture, to compare with.
"""
