"""What it takes to run the shop: images, manifests, and the start without containers."""
