"""What was built, read back and told: ``manage.py plan``; and judged: ``manage.py audit``."""
