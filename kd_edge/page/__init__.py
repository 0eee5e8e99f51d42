"""Web pages that score responses, and what scores in them: the core as WebAssembly, in `core`."""
