"""The workshop's verbs, one file each. Nothing here imports torch until a verb runs."""
