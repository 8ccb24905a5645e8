"""What is deployed: manifests, alert rules and dashboard, judged without a cluster."""
