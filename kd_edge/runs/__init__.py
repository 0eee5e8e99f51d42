"""Full runs, from responses to a measured bundle."""
