"""Students: small networks with a frozen text stage, one module a kind.

- `bag`: sums of n-gram embeddings, the default; runs in plain Python.
- `rnn`: a bidirectional GRU over words, the network of the method's paper.
- `transformer`: some layers of the teacher itself, and the pieces of words that it needs.
- `pairs`: a bag for many questions, which also reads their reference answers.
- `cross`: a transformer for many questions, which reads a reference answer beside the response.

A new kind is one module with an object `KIND` and one line in `registry.REGISTRY`. `KIND` is a
`kind.Kind`, or a `tokens.TokenKind` if the network reads token ids. A `Kind` brings

1. `name`, `options_type` (a frozen dataclass), `recipe` (learning rate, epochs …), `holds` (a
   sentence for the model card);
2. `learn_text`: freezes a text stage, which has `encode`;
3. `build`: the network, a `base.Network` that gives logits;
4. `save_text` and `load_text`: the text stage in a student's folder;
5. `forms`, `text_member`, `make_forms` and `runs_as`: how a bundle holds it.

A `TokenKind` has 4 and 5, and `learn_text` by whole words; it brings 1 and 3, perhaps `graph`
(the ONNX graph; PyTorch's exporter by default). `fit_options`, `in_bits`, `known_ngrams`,
`text_rules`, `needs_teacher` and `has_sizes` are there for kinds that have more to offer.

The limit is the bundle's format: a device knows the kinds in FORMAT.md alone. A new kind runs
there as one of them (`runs_as`) if it takes the same inputs: a graph of token ids and a mask as
"rnn" or "transformer", one of counts of n-grams as "bag". Other inputs, or a plain form of its
own, need the runtime to learn that kind first, a section of FORMAT.md and a new protocol
number.
"""
