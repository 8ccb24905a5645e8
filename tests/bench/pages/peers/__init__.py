"""The peers: other ways of making a page of two replies, each as its documentation advises."""
