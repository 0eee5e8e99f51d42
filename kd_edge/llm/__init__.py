"""Scores by a language model that was never fine-tuned, asked over an API that others speak too.

`endpoint` says where responses may be sent, `client` sends a request until it is answered,
`dialect` words requests and reads answers, `probe` finds out what a server understands, `prompt`
and `symbols` say what is asked, `probabilities` turns answers into soft labels, `journal` keeps
them, `asking` asks for many responses, and `label` does all of it for an item.
"""
