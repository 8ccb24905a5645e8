"""The promotions service: which campaign and which banners the shop shows on a day."""
