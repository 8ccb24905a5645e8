"""The shop's chat rooms."""
