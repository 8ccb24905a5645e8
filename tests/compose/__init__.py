"""The composed stack, as it is deployed: started from its images and read through its edge."""
