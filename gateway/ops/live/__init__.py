"""How a gateway does, told by itself: to staff on its page, and to the other gateways."""
