"""Where the numbers of the score come from: observed scores, the fit, and the strengths it gives."""
