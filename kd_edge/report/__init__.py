"""The evaluation report: how well a run's student scores, for the people who must decide."""
