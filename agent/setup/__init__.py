"""The setup graph: deterministic, one external action in each superstep, a person between the plan and the writing."""
