"""What a report looks like: blocks, sentences and plots, as HTML and as Markdown."""
