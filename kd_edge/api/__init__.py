"""The workshop as Python functions; `kd_edge` offers all of them.

Long work shows its progress, in a terminal and in a notebook, and Ctrl-C stops it with a
StoppedError: where a `folder` was named, the same call goes on. Without a `folder`, files are in a
temporary folder that lasts as long as the result. An argument of the wrong type is a TypeError.
"""
